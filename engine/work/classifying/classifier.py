"""C3: turn what a server said into a class and a sentence. The first row that fits decides.

Pure, deterministic, never raises, and takes bounded time whatever the text.
"""

import re
from functools import cache

from engine.work.classifying.evidence import Auth, Evidence, Protocol
from engine.work.classifying.outcome import Outcome, Verdict
from engine.work.classifying.reading import Reading, read
from engine.work.classifying.row import Row
from engine.work.classifying.sentences import RENEWING, sentence
from engine.work.classifying.table import table
from events.vocabulary import FailureClass

CLASSIFIER = "sendledger/2"
"""Recorded in every report (C1). Raise the number with any change to a row or to the reading."""

NOBODY_KNOWS = "no row fits: unknown, never a wrong password (C3)"

_ALIASES = {
    **dict.fromkeys(("gmail", "googlemail", "gsuite", "google workspace"), "google"),
    **dict.fromkeys(("outlook", "office365", "o365", "hotmail", "exchange", "m365"), "microsoft"),
    **dict.fromkeys(("web.de", "web"), "webde"),
    **dict.fromkeys(("mail.ru", "mail_ru"), "mailru"),
    **dict.fromkeys(("163.com", "netease"), "163"),
    **dict.fromkeys(("me", "apple"), "icloud"),
    **dict.fromkeys(("aol",), "yahoo"),
}


def classify(evidence: Evidence) -> Verdict:
    provider = _provider(evidence.provider)
    row = deciding_row(evidence)
    if row is None:
        told = sentence(FailureClass.UNKNOWN, provider)
        return Verdict(FailureClass.UNKNOWN, CLASSIFIER, told, NOBODY_KNOWS)
    outcome, todo = _of_a_token(row, evidence)
    return Verdict(outcome, CLASSIFIER, sentence(outcome, provider, todo), row.source)


def deciding_row(evidence: Evidence) -> Row | None:
    """The row on which the verdict rests; None if no row recognises the text."""
    provider, reading = _provider(evidence.provider), read(evidence)
    return next((row for row in table() if _fits(row, evidence, provider, reading)), None)


def _fits(row: Row, evidence: Evidence, provider: str | None, reading: Reading) -> bool:
    return (
        row.protocol in (None, evidence.protocol)
        and (not row.stages or evidence.stage in row.stages)
        and row.provider in (None, provider)
        and row.auth in (None, evidence.auth)
        and (row.code is None or _compiled(row.code).fullmatch(reading.code) is not None)
        and _compiled(row.says).search(reading.text) is not None
    )


def _of_a_token(row: Row, evidence: Evidence) -> tuple[Outcome, str]:
    """The verdict when a token was used, and so no password can be wrong.

    If a token is refused although it was just refreshed, permission was withdrawn; any other token
    may simply have expired, which proves nothing.
    """
    if row.outcome is not FailureClass.AUTH_BAD_CREDENTIALS or evidence.auth is Auth.PASSWORD:
        return row.outcome, row.todo
    if evidence.token_fresh or evidence.protocol is Protocol.OAUTH:
        return FailureClass.AUTH_REVOKED, ""
    return FailureClass.UNKNOWN, RENEWING


def _provider(name: str | None) -> str | None:
    known = name.strip().casefold()[:40] if name else None
    return _ALIASES.get(known, known) if known else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
