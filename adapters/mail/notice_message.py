"""A notice as a message (RFC 5322): the same one for ever, whichever way it goes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import blake2b
from html import escape
from itertools import groupby
from urllib.parse import quote, urlencode

from engine.answers.telling.notices import letter
from events.vocabulary import NoticeKind
from projections.notices import NoticeRow

HOST = "sendledger.invalid"
"""Of Message-IDs, so that they differ from those of any campaign."""
ITEM = "  - "


def notice_message(
    notice: NoticeRow,
    reason: str | None,
    *,
    sender: Address,
    to: Sequence[Address],
    zone: tzinfo = UTC,
    public_url: str | None = None,
    html: bool = False,
) -> EmailMessage:
    """Times in ``zone``; with a link where to reconnect when there is a public address."""
    assert notice.issued_at is not None
    subject, paragraphs = _told(notice, reason, zone)
    if public_url and notice.kind in {NoticeKind.FAILURE, NoticeKind.DISCONNECT}:
        paragraphs.insert(-1, f"Reconnect here: {reconnect_link(public_url, notice)}")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = notice.issued_at
    message["Message-ID"] = f"<{digest_of(notice)}@{HOST}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(paragraphs) + "\n")
    if html:
        message.add_alternative(html_of(paragraphs), subtype="html")
    return message


def digest_of(notice: NoticeRow) -> str:
    """Hexadecimal: whatever an incident is called, no path and no header comes of it."""
    parts = (notice.workspace, notice.incident_id, notice.number)
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=16).hexdigest()


def reconnect_link(public_url: str, notice: NoticeRow) -> str:
    account = quote(notice.account_id, safe="", errors="replace")
    query = urlencode({"workspace": notice.workspace}, errors="replace")
    return f"{public_url.rstrip('/')}/accounts/{account}/reconnect?{query}"


def html_of(paragraphs: Iterable[str]) -> str:
    """The same words: a paragraph each, lists where the text has lists."""
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
    """The link at the end of a line of ours can be followed; a name that looks like one cannot."""
    words, found, link = line.partition("Reconnect here: ")
    if words or not found:
        return escape(line)
    return f'<a href="{escape(link)}">{escape(found.removesuffix(": "))}</a>'
