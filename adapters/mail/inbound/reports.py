"""Reports in standard formats: RFC 3464 (delivery), RFC 5965 (abuse), RFC 8098 (receipts)."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from adapters.mail.inbound import limits
from adapters.mail.inbound.headers import ID_HEADERS, RETURNED_ID_HEADERS, addresses
from adapters.mail.inbound.matching import by_addresses, by_ids, of_address
from adapters.mail.inbound.parts import Part
from engine.work.inbound import Inbound, Kind, Sent, SentMail, message_of

Block = dict[str, list[str]]
"""A paragraph of fields, by name in lower case."""

DELIVERY = {"message/delivery-status", "message/global-delivery-status"}
ABUSE, RECEIPT = "message/feedback-report", "message/disposition-notification"
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]{0,9}:(.*)")
_NOT_ABUSE = {"not-spam", "auth-failure", "dmarc", "dkim", "virus-notification"}
_IDS = "|".join((*ID_HEADERS, *RETURNED_ID_HEADERS))
_ID_LINE = re.compile(
    rf"^(?:{_IDS})[ \t]{{0,9}}:\s{{0,9}}<?([^<>\s]{{1,998}})",
    re.IGNORECASE | re.MULTILINE,
)
_UNKNOWN = re.compile(
    r"\b5\.1\.(1|6|10)\b|(no such|unknown) (user|mailbox|recipient|address|local)|user unknown"
    r"|(user|mailbox|recipient|account|address).{0,40}(does(n't| not) exist|not found|unknown)",
    re.IGNORECASE,
)


class Judged(NamedTuple):
    """What a delivery report says about one recipient."""

    kind: Kind
    about: Sequence[Sent]
    unknown: bool


def blocks(text: str) -> list[Block]:
    """The paragraphs of fields in a text; other lines are skipped."""
    found: list[Block] = [{}]
    last: list[str] | None = None
    for line in text.split("\n"):
        if not line.strip():
            last = None
            if found[-1]:
                found.append({})
        elif line[0] in " \t" and last:
            last[-1] += f" {line.strip()}"
        elif field := _FIELD.match(line):
            last = found[-1].setdefault(field[1].lower(), [])
            last.append(field[2].strip())
    return found[: limits.BLOCKS]


def returned_ids(leaves: Sequence[Part]) -> Iterator[str]:
    """The ids of what a report returns: a message, its headers, or either within a text."""
    for each in leaves:
        if returned := each.returned():
            yield from returned.ids(*ID_HEADERS)
    for each in leaves:
        if each.kind.startswith("text/") or each.kind in DELIVERY:
            lines = islice(_ID_LINE.finditer(each.text()), limits.IDS)
            yield from (message_of(line[1]) for line in lines)


def of_delivery(
    fields: Sequence[Block], ours: Sequence[Sent], sent: SentMail, *, loose: bool = False
) -> Inbound | None:
    """What a delivery report (RFC 3464) says, recipient by recipient, each for himself (M5).

    None if no block is about a recipient. ``loose``: in a plain text, only a block with both an
    address and an outcome is.
    """
    of_recipients = [
        each
        for each in fields
        if (named := {"final-recipient", "original-recipient"} & set(each)) or "action" in each
        if not loose or (named and "action" in each)
    ]
    if not of_recipients:
        return None
    forwarded = not {each.address for each in ours}.intersection(
        address for each in of_recipients for address in _named(each, sent)
    )
    judged = [_recipient(each, ours, sent, forwarded=forwarded) for each in of_recipients]
    known = [each for each in judged if each.about]
    if not known:
        return Inbound(Kind.UNRELATED, "A delivery report about nobody we wrote to.")
    kind = next(
        each
        for each in (Kind.BOUNCE, Kind.DELAYED, Kind.AUTO_REPLY)
        if any(found.kind is each for found in known)
    )
    of_kind = [each for each in known if each.kind is kind]
    about = list(dict.fromkeys(sent for each in of_kind for sent in each.about))
    return Inbound(kind, _SAID[kind], about, unknown=all(each.unknown for each in of_kind))


_SAID = {
    Kind.BOUNCE: "A delivery report says that delivery failed for good.",
    Kind.DELAYED: "A delivery report says that the server still tries: no bounce.",
    Kind.AUTO_REPLY: "A delivery report says that the message was passed on: nobody's answer.",
}


def _recipient(block: Block, ours: Sequence[Sent], sent: SentMail, *, forwarded: bool) -> Judged:
    status, said = _first(block, "status"), _first(block, "diagnostic-code")
    kind = _kind(_first(block, "action").lower(), status)
    about = of_address(_named(block, sent), ours, sent, forwarded=forwarded)
    return Judged(kind, about, unknown_at(f"{status} {said}", kind))


def _named(block: Block, sent: SentMail) -> list[str]:
    """The addresses of a recipient: the one we wrote to, if it is given."""
    original = _addresses_of(block, "original-recipient")
    if by_addresses(original, sent):
        return original
    return [*original, *_addresses_of(block, "final-recipient")]


def unknown_at(said: str, kind: Kind) -> bool:
    """Whether a bounce says that nobody is known at the address (M7)."""
    return kind is Kind.BOUNCE and _UNKNOWN.search(said[: limits.SHOWN]) is not None


def _kind(action: str, status: str) -> Kind:
    """What the report means: ``Action`` decides, whatever the status is, so that "failed" with
    4.x.x is final. Without an action, the status decides."""
    if action.startswith(("fail", "error", "expired", "undeliver")):
        return Kind.BOUNCE
    if action.startswith(("delay", "defer", "warn")):
        return Kind.DELAYED
    if action:
        return Kind.AUTO_REPLY
    return {"5": Kind.BOUNCE, "4": Kind.DELAYED}.get(status[:1], Kind.AUTO_REPLY)


def of_abuse(leaves: Sequence[Part], reporter: Sequence[Sent], sent: SentMail) -> Inbound | None:
    """What an abuse report (RFC 5965) means. ``reporter``: what was sent to the one who reports."""
    report = next((each for each in leaves if each.kind == ABUSE), None)
    if report is None:
        return None
    fields = _fields(report)
    type_ = (_first(fields, "feedback-type").lower().split() or ["abuse"])[0]
    if type_ in _NOT_ABUSE:
        return Inbound(Kind.UNRELATED, "A feedback report that is no complaint.")
    named = _addresses_of(fields, "original-rcpt-to", "removal-recipient")
    about = by_ids(returned_ids(leaves), sent) or by_addresses(named, sent)
    about = about or to_whom(leaves, sent) or reporter
    return complaint(about, opts_out=type_.startswith("opt-out"))


def complaint(about: Sequence[Sent], *, opts_out: bool = False) -> Inbound:
    if not about:
        return Inbound(Kind.UNRELATED, "A complaint about nothing that we sent.")
    if opts_out:
        return Inbound(
            Kind.UNSUBSCRIBE, "A feedback report says that the recipient opts out.", about
        )
    return Inbound(Kind.COMPLAINT, "A feedback report calls our message abuse.", about)


def to_whom(leaves: Sequence[Part], sent: SentMail) -> Sequence[Sent]:
    """What was sent to the recipient of a returned message, if it came from this account."""
    returned = [found for each in leaves if (found := each.returned())]
    return by_addresses(
        (
            address
            for each in returned
            if sent.account in each.addresses("from", "sender", "return-path")
            for address in each.addresses("to", "x-hmxmroriginalrecipient", "delivered-to")
        ),
        sent,
    )


def of_receipt(leaves: Sequence[Part], ours: Sequence[Sent], sent: SentMail) -> Inbound | None:
    """What a receipt (RFC 8098) means: a program showed or deleted the message; nobody answered."""
    receipt = next((each for each in leaves if each.kind == RECEIPT), None)
    if receipt is None:
        return None
    fields = _fields(receipt)
    ids = map(message_of, fields.get("original-message-id", ()))
    named = _addresses_of(fields, "final-recipient")
    about = ours or by_ids(ids, sent) or by_addresses(named, sent)
    if not about:
        return Inbound(Kind.UNRELATED, "A read receipt for nothing that we sent.")
    return Inbound(Kind.AUTO_REPLY, "A read receipt: nobody's answer.", about)


def _fields(report: Part) -> Block:
    """All fields of a report that is about one message."""
    return {name: value for block in blocks(report.text()) for name, value in block.items()}


def _addresses_of(block: Block, *names: str) -> list[str]:
    values = (value for name in names for value in block.get(name, ()))
    return [address for each in values for address in addresses(each)]


def _first(block: Block, name: str) -> str:
    return block.get(name, [""])[0]
