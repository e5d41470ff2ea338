"""A notice as messages (RFC 5322), one for all owners in a zone: the same messages for ever,
however they are sent.

Text and HTML consist of the same sentences. The HTML has no images, no styles and no address except
the reconnect link, so nothing reveals who has read it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import blake2b
from html import escape
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote, urlencode

from adapters.mail.owners import Owners
from engine.answers.telling.notices import letter
from engine.work.plain_letter import PlainLetter
from events.vocabulary import NoticeKind
from projections.notices import NoticeRow

HOST = "sendledger.invalid"
"""The host in Message-IDs, which sets them apart from those of all campaigns."""
ITEM = "  - "
RECONNECT = "Reconnect here: "
POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
"""ASCII only, for relays that take nothing else, in lines as short as RFC 2045 requires."""

Link = Callable[[NoticeRow], str | None]
"""The address where the owner may reconnect the account of a notice; None if there is none."""


def no_link(_: NoticeRow) -> None:
    return None


class Copy(NamedTuple):
    """What the owners in one zone get. ``digest`` is hexadecimal, whatever the incident's name is:
    it can neither become a path nor break a header."""

    to: Sequence[str]
    digest: str
    message: EmailMessage


class Copies(NamedTuple):
    """The messages of notices. ``require_usable`` raises ``ValueError`` for an unusable address."""

    sender: Address
    owners: Owners
    link: Link = no_link

    def require_usable(self) -> None:
        self.owners.require_addresses()
        if not self.sender.addr_spec.isascii():
            raise ValueError(f"the sender's address {self.sender.addr_spec!r} is not ASCII")

    def of(self, notice: NoticeRow, reason: str | None = None) -> Iterator[Copy]:
        for zone, to in self.owners.by_zone(notice).items():
            digest = digest_of(notice, "" if zone == self.owners.zone else str(zone))
            subject, paragraphs = _told(notice, reason, zone)
            if notice.kind in {NoticeKind.FAILURE, NoticeKind.DISCONNECT} and (
                link := self.link(notice)
            ):
                paragraphs.insert(-1, f"{RECONNECT}{link}")
            assert notice.issued_at is not None
            message = self._message(to, digest, subject, paragraphs, notice.issued_at)
            yield Copy(to, digest, message)

    def of_letter(self, letter: PlainLetter) -> Copy:
        digest = _digest(letter.key)
        told = (digest, letter.subject, letter.paragraphs, letter.written_at)
        return Copy([letter.to], digest, self._message([letter.to], *told))

    def _message(
        self,
        to: Sequence[str],
        digest: str,
        subject: str,
        paragraphs: Sequence[str],
        written_at: datetime,
    ) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["From"] = self.sender
        message["To"] = [Address(addr_spec=each) for each in to]
        message["Subject"] = subject
        message["Date"] = written_at
        message["Message-ID"] = f"<{digest}@{HOST}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(paragraphs) + "\n")
        message.add_alternative(html_of(paragraphs), subtype="html")
        message.set_boundary(f"=_{digest}")
        return message


def digest_of(notice: NoticeRow, *more: str) -> str:
    return _digest(notice.workspace, notice.incident_id, notice.number, *filter(None, more))


def _digest(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=16).hexdigest()


def reconnect_link(public_url: str, notice: NoticeRow) -> str:
    account = quote(notice.account_id, safe="", errors="replace")
    query = urlencode({"workspace": notice.workspace}, errors="replace")
    return f"{public_url.rstrip('/')}/accounts/{account}/reconnect?{query}"


def html_of(paragraphs: Iterable[str]) -> str:
    """The text as HTML: a paragraph for each, and lists where the text has lists."""
    body = "\n".join(_block(each) for each in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8">\n<body>\n{body}\n</body></html>\n'
    )


def _told(notice: NoticeRow, reason: str | None, zone: tzinfo) -> tuple[str, list[str]]:
    there = notice._replace(
        issued_at=_in(zone, notice.issued_at), deadline_at=_in(zone, notice.deadline_at)
    )
    subject, text = letter(there, reason)
    return subject, text.removesuffix("\n").split("\n\n")


def _in(zone: tzinfo, moment: datetime | None) -> datetime | None:
    return moment.astimezone(zone) if moment else None


def _block(paragraph: str) -> str:
    parts = []
    for is_list, lines in groupby(paragraph.split("\n"), lambda line: line.startswith(ITEM)):
        if is_list:
            items = "".join(f"<li>{escape(line.removeprefix(ITEM))}</li>" for line in lines)
            parts.append(f"<ul>{items}</ul>")
        else:
            parts.append(f"<p>{'<br>'.join(map(_linked, lines))}</p>")
    return "\n".join(parts)


def _linked(line: str) -> str:
    """The line as HTML. Only our own link can be followed; a name that looks like a link cannot."""
    words, found, link = line.partition(RECONNECT)
    if words or not found:
        return escape(line)
    return f'{escape(found)}<a href="{escape(link)}">{escape(link)}</a>'
