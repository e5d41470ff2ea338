"""C2, C3: what a server said is recognised, whatever its code; what nobody knows is ``unknown``."""

import re
import time
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.work.classifying.classifier import CLASSIFIER, classify, deciding_row
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.classifying.outcome import Answer
from engine.work.classifying.row import Row
from engine.work.classifying.sentences import SENTENCES, SERVERS
from engine.work.classifying.table import table
from events.vocabulary import FailureClass
from tests.work.classifying.corpus import CORPUS, Known

WRONG_PASSWORD = FailureClass.AUTH_BAD_CREDENTIALS
WHERE = [*product(Protocol, At, Auth, (True, False))]
LONG = {
    "one word": "NO " + "a" * 10_000_000,
    "words": "x " * 5_000_000,
    "what rows look for": "account exceeded limit of user password mailbox " * 200_000,
    "almost a phrase": "invalid " * 1_000_000,
    "brackets": "[unavailable " * 700_000,
    "tags": "<a " * 3_000_000,
    "base64": "eyJ" + "A" * 9_000_000,
    "percent": "%41" * 3_000_000,
    "line ends": "535-5.7.8 \r\n" * 800_000,
}
FEW_LETTERS = st.text(
    alphabet="nobye [AUTHENTICATIONFAILED]{}\"':\\u0041%<>\r\n535-.7 8é\ud800\x00"
)


@pytest.mark.rule("C3")
@pytest.mark.parametrize("known", CORPUS, ids=lambda each: each.evidence.text[:40])
def test_real_answers_have_their_class(known: Known) -> None:
    verdict = classify(known.evidence)

    assert verdict.outcome == known.expected
    assert verdict.classifier == CLASSIFIER


@pytest.mark.rule("C3")
def test_nothing_else_is_ever_called_a_wrong_password() -> None:
    others = [each.evidence for each in CORPUS if each.expected != WRONG_PASSWORD]
    everywhere = [
        each._replace(token_fresh=fresh, provider=provider)
        for each in others
        for fresh in (True, False)
        for provider in (None, "google", "microsoft", "nobody")
        if each.auth is Auth.PASSWORD
    ]

    assert not [each.text for each in everywhere if classify(each).outcome == WRONG_PASSWORD]


@pytest.mark.rule("C3")
@pytest.mark.parametrize("known", CORPUS, ids=lambda each: each.evidence.text[:40])
def test_with_a_token_there_is_no_password_to_be_wrong(known: Known) -> None:
    for fresh in (True, False):
        with_token = known.evidence._replace(auth=Auth.OAUTH2, token_fresh=fresh)

        assert classify(with_token).outcome != WRONG_PASSWORD


def sample(row: Row) -> Evidence:
    """The row's example, under the circumstances that it asks for."""
    protocol = row.protocol or Protocol.SMTP
    token = protocol is Protocol.OAUTH
    return Evidence(
        protocol=protocol,
        stage=row.stages[0] if row.stages else At.LOGIN,
        text=row.example,
        provider=row.provider,
        auth=row.auth or (Auth.OAUTH2 if token else Auth.PASSWORD),
    )


@pytest.mark.parametrize("row", table(), ids=lambda row: row.example[:40])
def test_every_row_decides_its_own_example(row: Row) -> None:
    assert deciding_row(sample(row)) is row


@pytest.mark.parametrize("row", table(), ids=lambda row: row.example[:40])
def test_every_row_says_who_says_so_and_asks_for_something(row: Row) -> None:
    assert len(row.source) > 5
    assert row.says or row.code is not None or row.stages or row.protocol


@pytest.mark.parametrize("row", table(), ids=lambda row: row.example[:40])
def test_patterns_are_in_lower_case_as_the_text_is(row: Row) -> None:
    words = re.sub(r"\\.", "", row.says + (row.code or ""))

    assert words == words.casefold()


@pytest.mark.parametrize("outcome", [*FailureClass, *Answer])
def test_every_class_has_a_sentence_for_people(outcome: FailureClass | Answer) -> None:
    told = SENTENCES[outcome]

    assert told.endswith(".")
    assert told.format(server="It")[0].isupper()


def test_every_class_but_one_has_a_row() -> None:
    decided = {row.outcome for row in table()}

    assert {*FailureClass, *Answer} - decided == {FailureClass.IDENTITY_MISMATCH}


def test_sentences_say_what_to_do_and_nothing_that_a_server_said() -> None:
    texts = [
        Evidence(Protocol.SMTP, At.LOGIN, f"535 {each} <b>{{x}}", each) for each in ("{0}", "ev")
    ]

    for each in texts:
        assert "{" not in classify(each).sentence
        assert classify(each).sentence.startswith("The mail server refused")
    for row in table():
        assert classify(sample(row)).sentence.endswith(".")


@pytest.mark.parametrize("provider", [*SERVERS, "Gmail", "OUTLOOK", "gmx ", "web.de", None, ""])
def test_a_provider_may_be_spelled_as_people_spell_it(provider: str | None) -> None:
    throttled = classify(Evidence(Protocol.IMAP, At.LOGIN, "NO [LIMIT] Rate limit hit", provider))

    named = throttled.sentence.startswith("The mail server")
    assert named == (not provider)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_texts_take_no_longer(text: str) -> None:
    began = time.process_time()
    for protocol, stage, auth, fresh in WHERE:
        classify(Evidence(protocol, stage, text, None, auth, fresh))

    assert time.process_time() - began < 0.15 * len(WHERE)


@given(
    text=st.one_of(st.text(), FEW_LETTERS, st.binary().map(lambda each: each.decode("latin-1"))),
    where=st.sampled_from(WHERE),
    provider=st.one_of(st.none(), st.sampled_from(["google", "microsoft", "qq"]), st.text()),
)
def test_whatever_the_text_there_is_one_answer(
    text: str, where: tuple[Protocol, At, Auth, bool], provider: str | None
) -> None:
    protocol, stage, auth, fresh = where
    evidence = Evidence(protocol, stage, text, provider, auth, fresh)

    verdict = classify(evidence)

    assert verdict == classify(evidence)
    assert verdict.sentence
    if auth is Auth.OAUTH2:
        assert verdict.outcome != WRONG_PASSWORD


@pytest.mark.rule("M2")
@given(text=st.text(alphabet="abcdefghij \n"))
def test_after_data_nothing_that_is_no_answer_says_refused(text: str) -> None:
    verdict = classify(Evidence(Protocol.SMTP, At.DATA, text))

    assert verdict.outcome is Answer.OUTCOME_UNKNOWN


def test_the_circumstances_matter() -> None:
    """The same words are judged by where they were said."""
    dropped = [Evidence(Protocol.SMTP, each, "Connection unexpectedly closed") for each in At]
    found = Counter(str(classify(each).outcome) for each in dropped)

    assert found == {"unreachable": 3, "transient_server": 5, "outcome:unknown": 1}


def test_a_check_counts_what_concerns_a_message_as_unknown() -> None:
    refused = classify(Evidence(Protocol.SMTP, At.RCPT, "550 5.1.1 No such user"))
    worked = classify(Evidence(Protocol.SMTP, At.LOGIN, "235 2.7.0 Accepted"))
    throttled = classify(Evidence(Protocol.IMAP, At.LOGIN, "NO [LIMIT] x"))

    assert refused.failure is FailureClass.UNKNOWN
    assert worked.failure is None
    assert throttled.failure is FailureClass.THROTTLED
