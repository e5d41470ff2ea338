"""C1, F1: evidence is kept without secrets, of bounded length, under a digest of it all."""

import base64
import html
import json
import quopri
import re
from urllib.parse import quote, quote_plus

import pytest

from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.evidence import KEPT, digest, fit_to_keep, scrubbed
from tests.work.classifying.corpus import CORPUS, Known

REFUSED = Evidence(Protocol.IMAP, At.LOGIN, "NO [AUTHENTICATIONFAILED] no", "google")
PLAIN = base64.b64encode(b"\0ann@acme.test\0hunter2-hunter2").decode()
SHORT = base64.b64encode(b"\0ann\0hunter2").decode()
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
SECRETS = {
    "a SASL blob": (f"AUTHENTICATE PLAIN {PLAIN}\r\nNO", PLAIN),
    "a short one": (f"AUTH PLAIN {SHORT}", SHORT),
    "one that stands alone": (f"+ {PLAIN}", PLAIN),
    "a bearer token": ("Authorization: Bearer abc123def456", "abc123def456"),
    "a token of Google's": ("got ya29.a0AfH6SMBx-abc_123 back", "a0AfH6SMBx"),
    "a refresh token of Google's": ("1//0gLx8YabcDEFghi-jklMNO", "0gLx8Yabc"),
    "a token as JSON": ('{"access_token":"s3cr3t-value","expires_in":1}', "s3cr3t-value"),
    "a refresh token in a query": ("refresh_token=s3cr3t&grant_type=x", "s3cr3t"),
    "a client's secret": ("client_secret: GOCSPX-abcdefgh1234", "abcdefgh"),
    "a JWT": (f"token {JWT} refused", "eyJzdWIi"),
    "an authorisation code": ("code=4/0AX4XfWh-abcdef&scope=mail", "0AX4XfWh"),
    "a password that is echoed": ('bad password="hunter2"', "hunter2"),
    "a login that is echoed": ("BAD a1 LOGIN ann@acme.test hunter2", "hunter2"),
    "a quoted one": ('BAD a1 LOGIN "ann" "hunter two"', "hunter two"),
}


@pytest.mark.rule("F1")
@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in scrubbed(text)
    assert "[secret]" in scrubbed(text)


@pytest.mark.rule("F1")
def test_the_secrets_that_were_used_are_hidden_wherever_they_stand() -> None:
    echoed = REFUSED._replace(text="NO sorry, correct-horse is wrong; correct-horse!")

    kept = fit_to_keep(echoed, secrets=("correct-horse", ""))

    assert kept.text == "NO sorry, [secret] is wrong; [secret]!"


ODD = 'h"t\\r2/+ü& =?'
SPOKEN = {
    "an IMAP string": ODD.replace("\\", "\\\\").replace('"', '\\"'),
    "JSON": json.dumps(ODD)[1:-1],
    "a query": quote(ODD, safe=""),
    "a query in lower case": quote(ODD, safe="").lower(),
    "a form": quote_plus(ODD),
    "HTML": html.escape(ODD),
    "quoted-printable": quopri.encodestring(ODD.encode()).decode(),
    "hexadecimal": ODD.encode().hex(),
    "octets taken for Latin-1": ODD.encode().decode("latin-1"),
}


@pytest.mark.rule("F1")
@pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
def test_a_secret_that_was_used_is_hidden_in_whatever_spelling(spoken: str) -> None:
    kept = fit_to_keep(REFUSED._replace(text=f"NO not {spoken}, sorry"), secrets=(ODD,))

    assert kept.text == "NO not [secret], sorry"


@pytest.mark.rule("F1")
@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "\0ann@acme.test\0"])
@pytest.mark.parametrize("after", ["", "\x01", "\x01\x01", "more"])
def test_a_secret_is_hidden_in_base64_at_any_place(before: str, after: str) -> None:
    said = base64.b64encode(f"{before}hunter2-hunter2{after}".encode()).decode()

    for text in (said, said.rstrip("="), said.replace("+", "-").replace("/", "_")):
        kept = fit_to_keep(REFUSED._replace(text=f"NO {text}"), secrets=("hunter2-hunter2",))
        left = re.findall(r"[A-Za-z0-9]{4,}", kept.text.replace("[secret]", " "))
        assert not any(each in base64.b64encode(b"hunter2-hunter2").decode() for each in left)
        assert "[secret]" in kept.text


@pytest.mark.rule("F1")
def test_a_secret_on_the_edge_of_what_is_kept_leaves_no_half() -> None:
    secret = "x7Q" * 40
    for shift in range(0, len(secret), 7):
        text = "a " * ((KEPT - 1_024 - shift) // 2) + secret + " b" * KEPT
        kept = fit_to_keep(REFUSED._replace(text=text), secrets=(secret,))
        assert "x7Q" not in kept.text


@pytest.mark.rule("C1")
@pytest.mark.parametrize("known", CORPUS, ids=lambda each: each.evidence.text[:40])
def test_what_is_kept_is_classified_as_what_was_said(known: Known) -> None:
    assert classify(fit_to_keep(known.evidence)) == classify(known.evidence)


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    kept = fit_to_keep(REFUSED._replace(text=f"NO first{'. ' * 5_000_000}last"))

    assert len(kept.text) < KEPT + 20
    assert kept.text.startswith("NO first")
    assert kept.text.endswith("last")


@pytest.mark.rule("C1")
def test_the_digest_is_of_all_that_the_meaning_depends_on() -> None:
    variants = [
        REFUSED,
        REFUSED._replace(text=REFUSED.text + " "),
        REFUSED._replace(protocol=Protocol.SMTP),
        REFUSED._replace(stage=At.IMAP),
        REFUSED._replace(provider=None),
        REFUSED._replace(provider="None"),
        REFUSED._replace(auth=Auth.OAUTH2),
        REFUSED._replace(token_fresh=True),
        REFUSED._replace(text="\ud800"),
    ]

    assert len({digest(each) for each in variants}) == len(variants)
    assert digest(REFUSED) == digest(REFUSED._replace())
    assert len(digest(REFUSED)) == 64
    assert int(digest(REFUSED), 16)
