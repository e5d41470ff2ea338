"""``inbound.json``: shapes of real messages, and a message around each.

An entry gives the headers and blocks that matter; the rest is added here, as its source has it.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from engine.work.inbound import Sent, SentList
from tests.mail.inbound.letters import ANN, OURS, in_parts, letter

FILE = Path(__file__).with_name("inbound.json")
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w")


class Example(NamedTuple):
    expected: str
    octets: bytes
    sent: SentList
    name: str


def examples() -> list[Example]:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return [_example(entry) for entry in found]


def _example(entry: dict[str, Any]) -> Example:
    entry = json.loads(json.dumps(entry).replace("<our message-id>", OURS))
    headers, name = dict(entry.get("headers", {})), entry.get("description", entry["source"])
    who = _recipient(entry)
    headers.setdefault("From", "mailer-daemon@mx.test" if _reports(entry) else who)
    headers["From"] = headers["From"].replace(
        "MicrosoftExchange...", "MicrosoftExchange329e71ec88ae4615@acme.test"
    )
    sent = SentList(ANN, [Sent("5f0c77-intro", "spring", "r1", who)])
    return Example(entry["expected"], _message(entry, headers, who), sent, name[:60])


def _reports(entry: dict[str, Any]) -> bool:
    return entry["expected"] in {"bounce", "delayed"}


def _recipient(entry: dict[str, Any]) -> str:
    headers = entry.get("headers", {})
    texts = [*reversed(entry.get("dsn_blocks", [])), headers.get("X-Failed-Recipients", "")]
    texts += [entry.get("body", "")] if _reports(entry) else [headers.get("From", "")]
    return next((found[0] for text in texts if (found := _ADDRESS.search(text))), "ben@x.test")


def _message(entry: dict[str, Any], headers: dict[str, str], who: str) -> bytes:
    type_ = headers.pop("Content-Type", "text/plain")
    date = "Sat, 16 Mar 2013 23:34:45 +0000"
    returned = ("message/rfc822", f"From: {ANN}\nTo: {who}\nMessage-ID: {OURS}\n\nHello")
    blocks = "\n\n".join(each.replace(" | ", "\n") for each in entry.get("dsn_blocks", []))
    if blocks:
        parts = [("text/plain", "A report."), ("message/delivery-status", blocks), returned]
        return in_parts(headers, parts, type_)
    if "feedback-report" in type_:
        parts = [("message/feedback-report", "Feedback-Type: abuse\nVersion: 1"), returned]
        return in_parts(headers, parts, type_)
    text = entry.get("body") or _text(entry, who)
    if type_.startswith("multipart/"):
        return in_parts(headers, [("text/plain", text), returned], type_)
    return letter({**headers, "Content-Type": type_}, text, date)


def _text(entry: dict[str, Any], who: str) -> str:
    if not _reports(entry):
        return "Words of mine."
    quoted = re.search(r"'(.+)'", entry.get("description", ""))
    said = quoted[1] if quoted else "550 5.1.1 No such user"
    return f"Delivery has failed to these recipients:\n\n{who}\nRemote Server returned '{said}'"
