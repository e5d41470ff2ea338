"""Where a mailbox keeps what it sent (RFC 6154, else by the names in common use)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

NAMES = (
    *("sent", "sent items", "sent mail", "sent messages", "sent-mail", "sent objects"),
    *("gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten"),
    *("envoyés", "éléments envoyés", "messages envoyés", "objets envoyés"),
    *("enviados", "elementos enviados", "mensajes enviados", "itens enviados", "enviadas"),
    *("posta inviata", "inviata", "inviati", "verzonden", "verzonden items", "skickat", "sendt"),
    *("wysłane", "elementy wysłane", "отправленные", "надіслані", "gönderilmiş öğeler"),
    *("已发送", "已发送邮件", "已傳送", "送信済み", "送信済みアイテム", "보낸 편지함"),
)
"""The last part of the folder's name, the best first."""
_HALF = re.compile("[\ud800-\udfff]")
_SENT, _NO_FOLDER = b"\\sent", b"\\noselect"


class Listed(NamedTuple):
    """A folder as the server lists it."""

    flags: frozenset[bytes]
    delimiter: str | None
    name: str


def read(listed: Sequence[object]) -> list[Listed]:
    """The folders in IMAPClient's reading of LIST; an entry that is not a folder is left out.

    So is a name with an unpaired UTF-16 surrogate, which no store, screen or JSON can hold.
    """
    found = []
    for each in listed:
        match each:
            case (tuple() as flags, delimiter, str() as name) if not _HALF.search(name):
                kinds = frozenset(flag.lower() for flag in flags if isinstance(flag, bytes))
                found.append(Listed(kinds, _text(delimiter), name))
    return found


def sent_folder(folders: Sequence[Listed]) -> str | None:
    usable = [each for each in folders if _NO_FOLDER not in each.flags]
    for each in usable:
        if _SENT in each.flags:
            return each.name
    by_name = {_last_part(each).casefold(): each.name for each in reversed(usable)}
    return next((by_name[name] for name in NAMES if name in by_name), None)


def flagged(folders: Sequence[Listed], flag: bytes) -> list[str]:
    """Those that the server says are for that (RFC 6154), as ``\\junk``."""
    return [each.name for each in folders if flag in each.flags and _NO_FOLDER not in each.flags]


def delimiter(folders: Sequence[Listed]) -> str | None:
    """The delimiter of INBOX, else that of any folder."""
    inbox_first = sorted(folders, key=lambda each: each.name.upper() != "INBOX")
    return next((each.delimiter for each in inbox_first if each.delimiter), None)


def _last_part(folder: Listed) -> str:
    if not folder.delimiter:
        return folder.name
    return folder.name.rpartition(folder.delimiter)[2]


def _text(value: object) -> str | None:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else None
