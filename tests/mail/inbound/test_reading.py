"""M5, M7: what people and programs answer; whom it concerns; what is nobody's answer."""

import json
from datetime import date

import pytest

from adapters.mail.inbound.headers import OWN_ID
from adapters.mail.inbound.reading import read, read_headers
from engine.work.inbound import Inbound, Kind, Sent, SentList
from engine.work.unsubscribing_by_mail import mailto
from tests.mail.inbound.letters import (
    ANN,
    BEN,
    EVE,
    FROM_BEN,
    ID_TO_EVE,
    OURS,
    RETURNED,
    SENT,
    STRANGER,
    TO_BEN,
    TO_EVE,
    in_parts,
    letter,
)

AUTOMATIC: tuple[dict[str, str], ...] = (
    *({"Auto-Submitted": value} for value in ("auto-replied", "auto-generated (vacation)")),
    *({"Auto-Submitted": value} for value in ("(rfc 3834) auto-notified; a=b", "AUTO-REPLIED")),
    *({"Precedence": value} for value in ("auto_reply", "auto-reply")),
    *({name: "yes"} for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder")),
    {"Return-Path": "<>"},
    {"X-Apple-Action": "VACATION"},
)
SUBJECTS = (
    *("Automatic reply: Hello", "Out of Office: Hello", "OOO until Monday", "Auto-Reply: Hello"),
    *("Automatische Antwort: Hello", "Abwesenheitsnotiz: Hello", "Nicht im Büro"),
    *("Réponse automatique : Hello", "Absence du bureau", "Respuesta automática: Hello"),
    *("Fuera de la oficina", "Resposta automática: Hello", "Risposta automatica: Hello"),
    *("Fuori sede: Hello", "Automatisch antwoord: Hello", "Afwezig: Hello"),
    *("Automatyczna odpowiedź: Hello", "Odpowiedź automatyczna: Hello", "自动答复: Hello"),
    "=?utf-8?Q?R=C3=A9ponse_automatique?= : Hello",
)
PERSONS: tuple[dict[str, str], ...] = (
    {"Auto-Submitted": "no"},
    {"Auto-Submitted": "NO (a person)"},
    {"X-Auto-Response-Suppress": "All"},
    {"Precedence": "bulk"},
    {"X-Autoreply": "no"},
    {"Return-Path": "<ben@x.test>"},
    {"Subject": "Re: Automatic reply: Hello"},
    {"Subject": "Automatic update of our prices"},
    {"From": "postmaster@x.test"},
    {"Content-Type": "text/calendar; method=REPLY"},
)
WISHES = (
    *("Unsubscribe", "unsubscribe me please!", "Please remove me from your mailing list. Thanks"),
    *("STOP", "I want to unsubscribe", "Abmelden", "Bitte abmelden.", "Désabonner", "Baja"),
    *("Por favor, darme de baja", "Descadastrar", "Cancellami", "Uitschrijven", "Wypisz mnie"),
    "Unsubscribe\n\nSent from my iPhone",
    "Abmelden\n\nAm 20.04.2026 um 10:00 schrieb Ann:\n> Hello Ben",
    "unsubscribe\n-- \nBen Miller\nHead of everything",
)
NOT_WISHES = (
    "Unsubscribe? No, I like it. Let us talk on Monday.",
    "Please stop by on Monday",
    "Thanks!\n> unsubscribe",
    "Take me off the list for Tuesday, Friday is fine",
    "",
)


def of_ben(headers: dict[str, str], text: str = "Yes please") -> Inbound:
    return read(letter({**FROM_BEN, **headers}, text), SENT)


@pytest.mark.rule("M5")
@pytest.mark.parametrize("sign", AUTOMATIC, ids=str)
def test_an_automatic_answer_is_no_reply(sign: dict[str, str]) -> None:
    found = of_ben(sign)

    assert (found.kind, found.about, found.until) == (Kind.AUTO_REPLY, [TO_BEN], None)


@pytest.mark.rule("M5")
@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_say_it_in_many_languages(subject: str) -> None:
    assert of_ben({"Subject": subject}).kind is Kind.AUTO_REPLY


@pytest.mark.rule("M5")
@pytest.mark.parametrize("sign", PERSONS, ids=str)
def test_what_proves_nothing_leaves_a_reply_a_reply(sign: dict[str, str]) -> None:
    sent = SentList(ANN, [TO_BEN, Sent("m", "spring", "r9", "postmaster@x.test")])

    found = read(letter({**FROM_BEN, **sign}, "Yes please"), sent)

    assert (found.kind, found.recipients) == (Kind.REPLY, ["r1"])


@pytest.mark.parametrize(
    ("headers", "about"),
    [
        ({"In-Reply-To": "<5f0c77-intro@rewritten.outlook.example>"}, [TO_BEN]),
        ({"In-Reply-To": "5f0c77-intro@acme.test"}, [TO_BEN]),
        ({"In-Reply-To": f"<other@x> {ID_TO_EVE}", "References": OURS}, [TO_EVE]),
        ({"References": f"{OURS}\n <other@x>"}, [TO_BEN]),
        ({"References": f"{OURS} {ID_TO_EVE}"}, [TO_EVE]),
        ({"References": "<a@b>" * 5_000 + OURS}, [TO_BEN]),
    ],
)
def test_an_id_says_which_message_is_answered_whoever_answers(
    headers: dict[str, str], about: list[Sent]
) -> None:
    found = read(letter({"From": STRANGER, "Subject": "Re: Hello", **headers}), SENT)

    assert (found.kind, found.about) == (Kind.REPLY, about)


def test_without_an_id_the_sender_s_address_says_it() -> None:
    found = read(letter({"From": '"ben@x.test" <EVE@Y.test>', "Subject": "A question"}), SENT)

    assert (found.kind, found.recipients) == (Kind.REPLY, ["r2"])
    assert found.campaigns == ["spring", "autumn"]
    assert read(letter({"From": f"{EVE} <{STRANGER}>"}), SENT).kind is Kind.UNRELATED


def test_a_domain_is_the_same_in_any_script() -> None:
    sent = SentList(ANN, [Sent("m", "spring", "r1", "zoe@xn--bcher-kva.test")])

    assert read(letter({"From": "Zoé <zoe@bücher.test>"}), sent).recipients == ["r1"]


def test_a_mailing_of_a_recipient_s_is_no_reply() -> None:
    mailing = {"From": BEN, "List-Unsubscribe": "<mailto:out@x.test>", "Subject": "Our news"}

    assert read(letter(mailing), SENT).kind is Kind.UNRELATED
    assert read(letter({**mailing, "In-Reply-To": OURS}, "Yes"), SENT).kind is Kind.REPLY


@pytest.mark.rule("M5", "M7")
@pytest.mark.parametrize("text", WISHES)
def test_a_wish_to_hear_no_more_is_an_unsubscribe_where_it_stands_alone(text: str) -> None:
    found = of_ben({}, text)

    assert (found.kind, found.recipients) == (Kind.UNSUBSCRIBE, ["r1"])


@pytest.mark.rule("M5", "M7")
@pytest.mark.parametrize("text", NOT_WISHES)
def test_a_wish_among_other_words_is_a_reply(text: str) -> None:
    assert of_ben({}, text).kind is Kind.REPLY


@pytest.mark.rule("M7")
def test_the_mail_that_list_unsubscribe_asks_for_is_understood() -> None:
    uri = mailto(ANN, "tok3n.of-Ben_1~=")
    assert uri == "mailto:ann@acme.test?subject=unsubscribe%20tok3n.of-Ben_1~%3D"

    found = read(letter({"From": STRANGER, "Subject": "unsubscribe tok3n.of-Ben_1~="}), SENT)
    assert (found.kind, found.token) == (Kind.UNSUBSCRIBE, "tok3n.of-Ben_1~=")
    assert found.recipients == []  # whom it concerns the token says, once it is verified


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    "headers",
    [
        {"From": BEN, "To": "unsubscribe+t0ken@acme.test", "Subject": "unsubscribe"},
        {"From": BEN, "Subject": "Unsubscribe", "Auto-Submitted": "auto-replied"},
        {"From": BEN, "Subject": "unsubscribe t0ken", "X-Apple-Unsubscribe": "true"},
    ],
)
def test_a_program_may_unsubscribe_its_user(headers: dict[str, str]) -> None:
    found = read(letter(headers, "Apple Mail sent this email to unsubscribe"), SENT)

    assert (found.kind, found.recipients) == (Kind.UNSUBSCRIBE, ["r1"])


@pytest.mark.parametrize(
    "headers",
    [
        {"From": STRANGER, "Message-ID": OURS},
        {"From": STRANGER, "Message-ID": "<x@y>", "X-Microsoft-Original-Message-ID": OURS},
        {"From": STRANGER, "Message-ID": "<x@y>", OWN_ID: OURS},
        {"From": f"Ann <{ANN}>", "In-Reply-To": OURS},
    ],
)
def test_our_own_mail_is_nobody_s_answer(headers: dict[str, str]) -> None:
    assert read(letter(headers), SENT).kind is Kind.OWN


def test_whoever_tries_a_campaign_on_himself_can_reply() -> None:
    sent = SentList(ANN, [Sent("m1", "spring", "r1", ANN)])

    assert read(letter({"From": ANN, "In-Reply-To": "<m1@acme.test>"}), sent).kind is Kind.REPLY
    assert read(letter({"From": ANN, "Message-ID": "<m1@acme.test>"}), sent).kind is Kind.OWN


@pytest.mark.rule("M5")
def test_a_read_receipt_is_no_reply() -> None:
    fields = f"Final-Recipient: rfc822; {BEN}\nOriginal-Message-ID: {OURS}\nDisposition: displayed"
    parts = [("text/plain", "Read."), ("message/disposition-notification", fields)]
    octets = in_parts({"From": BEN, "Subject": "Read: Hello"}, parts, "multipart/report")

    assert read(octets, SENT).kind is Kind.AUTO_REPLY
    assert read(octets, SENT).about == [TO_BEN]
    assert read(octets, SentList(ANN, [])).kind is Kind.UNRELATED


def complaint(fields: str, returned: str = RETURNED, sender: str = "fbl@provider.test") -> bytes:
    parts = [("text/plain", "Abuse."), ("message/feedback-report", fields)]
    parts += [("message/rfc822", returned)]
    kind = "multipart/report; report-type=feedback-report"
    return in_parts({"From": sender, "Subject": "Fw: Hello"}, parts, kind)


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("Feedback-Type: abuse", Kind.COMPLAINT),
        ("Version: 1\nFeedback-Type: fraud", Kind.COMPLAINT),
        ("Feedback-Type: opt-out", Kind.UNSUBSCRIBE),
        ("Feedback-Type: not-spam", Kind.UNRELATED),
        ("Feedback-Type: auth-failure", Kind.UNRELATED),
    ],
)
def test_a_feedback_report_is_a_complaint_of_who_received_the_message(
    fields: str, kind: Kind
) -> None:
    found = read(complaint(fields), SENT)

    assert found.kind is kind
    assert found.recipients == ([] if kind is Kind.UNRELATED else ["r1"])


@pytest.mark.rule("M7")
def test_a_complaint_without_our_id_is_of_whom_it_names() -> None:
    nameless = "From: somebody@else.test\n\nHello"
    named = f"Feedback-Type: abuse\nOriginal-Rcpt-To: {STRANGER}\nOriginal-Rcpt-To: <{EVE}>"
    redacted = RETURNED.replace(OURS, "<redacted@x>")

    assert read(complaint(named, nameless), SENT).recipients == ["r2"]
    assert read(complaint("Feedback-Type: abuse", redacted), SENT).recipients == ["r1"]
    assert read(complaint("Feedback-Type: abuse", nameless), SENT).kind is Kind.UNRELATED


@pytest.mark.rule("M7")
def test_outlook_s_complaints_have_a_shape_of_their_own() -> None:
    returned = f"X-HmXmrOriginalRecipient: {BEN}\nFrom: {ANN}\nMessage-ID: <x@y>\n\nHello"
    headers = {"From": "staff@hotmail.com", "Subject": "complaint about message from 192.0.2.1"}

    found = read(in_parts(headers, [("message/rfc822", returned)]), SENT)

    assert (found.kind, found.recipients) == (Kind.COMPLAINT, ["r1"])


@pytest.mark.rule("F1")
def test_nothing_of_the_text_is_told() -> None:
    word = "Xq7"
    headers = {**FROM_BEN, "Subject": f"Out of office {word}", "X-Autoreply": word}
    found = [
        of_ben({"Subject": word}, word),
        read(letter(headers, f"{word} until 5 May"), SENT),
    ]

    assert {each.kind for each in found} == {Kind.REPLY, Kind.AUTO_REPLY}
    for each in found:
        told = json.dumps([each.because, each.recipients, each.campaigns, str(each.until)])
        assert word not in told
        assert "@" not in told


def test_headers_alone_tell_what_is_no_answer() -> None:
    news = letter({"From": STRANGER, "Subject": "News"})
    assert read_headers(news, SENT) == read(news, SENT)
    assert read_headers(letter({"Message-ID": OURS}), SENT) is not None
    assert read_headers(letter(FROM_BEN), SENT) is None
    assert read_headers(letter({"From": "mailer-daemon@mx.test"}), SENT) is None
    assert of_ben({"Auto-Submitted": "auto-replied"}, "until 5 May").until == date(2026, 5, 5)
