"""What one message means (M5, M7): our own, a report, a wish or an answer, tried in that order.

Pure and bounded: ``limits`` says how much is looked at. Nothing is raised, whatever the octets.
"""

from collections.abc import Sequence
from datetime import date
from email.utils import parsedate_to_datetime

from adapters.mail.inbound import limits
from adapters.mail.inbound.dates import until
from adapters.mail.inbound.headers import RETURNED_ID_HEADERS, Headers
from adapters.mail.inbound.matching import Answered, answered, by_addresses, by_ids, our_own
from adapters.mail.inbound.notices import of_text
from adapters.mail.inbound.own_words import own_words, text_of
from adapters.mail.inbound.parts import Part
from adapters.mail.inbound.phrases import is_wish, plain
from adapters.mail.inbound.reports import (
    DELIVERY,
    blocks,
    complaint,
    of_abuse,
    of_delivery,
    of_receipt,
    returned_ids,
    to_whom,
)
from adapters.mail.inbound.sender import automatic, null_sender, of_a_list, server_speaks
from adapters.mail.inbound.unsubscribing import asks_to_unsubscribe, token_of
from engine.work.inbound import Inbound, Kind, Sent, SentMail

OUTLOOK_COMPLAINTS = "staff@hotmail.com"


def read(octets: bytes, sent: SentMail, received: date | None = None) -> Inbound:
    """What the message means. ``received``: the day it arrived, used if its Date is unusable."""
    octets = octets[: limits.MESSAGE]
    head = Headers(octets)
    known = _by_headers(head, sent)
    if known:
        return known
    leaves = Part(head, octets[head.body_at :]).leaves()
    if _may_report(head, sent) and (report := _report(head, leaves, sent)):
        return report
    return _of_a_person(head, sent) or _answer(head, leaves, sent, received)


def read_headers(octets: bytes, sent: SentMail) -> Inbound | None:
    """What a message means by its headers alone; None if the body is needed."""
    return _by_headers(Headers(octets), sent)


def _by_headers(head: Headers, sent: SentMail) -> Inbound | None:
    if about := our_own(head, sent):
        return Inbound(Kind.OWN, "It is a message that we sent.", about)
    return None if _may_report(head, sent) else _of_a_person(head, sent)


def _may_report(head: Headers, sent: SentMail) -> bool:
    """Whether the body could contain a report about a message of ours."""
    if head.content_type == "multipart/report" or server_speaks(head, sent):
        return True
    if head.sender() in {OUTLOOK_COMPLAINTS, ""}:
        return True
    return null_sender(head) and not sent.by_address(head.sender())


def _report(head: Headers, leaves: Sequence[Part], sent: SentMail) -> Inbound | None:
    if abuse := of_abuse(leaves, sent.by_address(head.sender()), sent):
        return abuse
    if head.sender() == OUTLOOK_COMPLAINTS:
        return complaint(by_ids(returned_ids(leaves), sent) or to_whom(leaves, sent))
    named = head.ids("in-reply-to", "references", *RETURNED_ID_HEADERS)
    ours = by_ids([*returned_ids(leaves), *named], sent)
    if receipt := of_receipt(leaves, ours, sent):
        return receipt
    fields = [block for each in leaves if each.kind in DELIVERY for block in blocks(each.text())]
    if delivery := of_delivery(fields, ours, sent):
        return delivery
    if notice := of_text(head, leaves, ours, sent):
        return notice
    return _silent_server(ours) if server_speaks(head, sent) else None


def _silent_server(ours: Sequence[Sent]) -> Inbound:
    if ours:
        return Inbound(Kind.AUTO_REPLY, "A mail server's notice that says no outcome.", ours)
    return Inbound(Kind.UNRELATED, "A mail server's notice about nobody we wrote to.")


def _of_a_person(head: Headers, sent: SentMail) -> Inbound | None:
    """What the headers decide about a message that is not a report; None if the body is needed."""
    if head.sender() == sent.account and not sent.by_address(sent.account):
        return Inbound(Kind.OWN, "It is from the account itself.")
    if wish := _wish(head, sent):
        return wish
    found = answered(head, sent)
    if found is None:
        return Inbound(Kind.UNRELATED, "It answers no message of ours, nor is it from a recipient.")
    if found.by_address and of_a_list(head):
        return Inbound(Kind.UNRELATED, "A mailing of a recipient's, which answers nothing of ours.")
    return None


def _wish(head: Headers, sent: SentMail) -> Inbound | None:
    subject, to = head.text("subject"), head.addresses("to", "cc", "delivered-to")
    token = token_of(subject, to)
    about = by_addresses([head.sender()], sent)
    if token or (about and (asks_to_unsubscribe(subject) or is_wish(subject))):
        because = "Its subject or the address it was sent to asks to unsubscribe."
        return Inbound(Kind.UNSUBSCRIBE, because, about, token=token)
    return None


def _answer(
    head: Headers, leaves: Sequence[Part], sent: SentMail, received: date | None
) -> Inbound:
    found = answered(head, sent) or Answered((), "")
    words = own_words(text_of(leaves))
    if sign := automatic(head):
        ends = _away_until(head, words, received)
        return Inbound(Kind.AUTO_REPLY, f"An automatic answer: {sign}.", found.about, until=ends)
    if is_wish(words):
        because = "Its only words ask to hear no more."
        return Inbound(
            Kind.UNSUBSCRIBE, because, by_addresses([head.sender()], sent) or found.about
        )
    return Inbound(Kind.REPLY, f"A reply: {found.by}.", found.about)


def _away_until(head: Headers, words: str, received: date | None) -> date | None:
    """Until when the sender is away. A subject with a colon is not read, since it repeats ours."""
    today = _day(head) or received
    if today is None:
        return None
    subject = head.text("subject")
    return until(words if ":" in subject else f"{plain(subject)}\n\n{words}", today)


def _day(head: Headers) -> date | None:
    try:
        return parsedate_to_datetime(head.raw("date")[:100]).date()
    except (ValueError, TypeError, OverflowError):
        return None
