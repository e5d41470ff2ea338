"""Servers' notices in free text: those of qmail, Exim, Yahoo, Gmail before 2017 and others.

Read only if a server sent them, and only for recipients of ours whom they name: a person may write
the same words.
"""

import logging
import re
from collections.abc import Sequence
from email.message import Message

from flufl.bounce import scan_message

from adapters.mail.inbound.headers import Headers, all_addresses
from adapters.mail.inbound.matching import of_address
from adapters.mail.inbound.own_words import text_of
from adapters.mail.inbound.parts import Part
from adapters.mail.inbound.phrases import plain
from adapters.mail.inbound.reports import blocks, of_delivery, unknown_at
from adapters.mail.inbound.sender import server_speaks
from engine.work.inbound import Inbound, Kind, Sent, SentMail

DELAYED = (
    r"\(delay\)|\bdelayed\b|delay(ed)? (mail|delivery|notification)|still being (re)?tried"
    r"|(will|shall) (be |continue to |keep )?(re-?)?(try|tried|attempt)|warning( message|:)"
    r"|not (yet )?been (able to be )?delivered yet|no action is required|temporarily deferred"
    r"|temporar\w* (problem|failure|unable)|verzogert|zustellung .{0,30}verzog|retardee?\b"
    r"|retrasad|atrasad|ritardo|vertraagd|opoznion|попытки .{0,40}продол|задерж|延迟|遅延"
)
FAILED = (
    r"undeliver|not (be |been )?delivered|returned? (mail|to (the )?sender|message)"
    r"|\bfail(ed|ure|s)?\b|\bbounced?\b|unable to (deliver|send)"
    r"|(could|can)( ?no|n')t (be )?(deliver|sen[dt]|reach)|permanent|rejected|was an error"
    r"|does(n't| not) exist|unknown (user|recipient|address)|user unknown"
    r"|no such (user|mailbox|recipient)|mailbox (is )?(full|unavailable|not found)"
    r"|fatal error|notification: error|unzustellbar|nicht (zugestellt|zustellbar)"
    r"|non (remis|delivre|distribue)|echec|no (se )?(ha )?(podido|pudo|puede|entregad)"
    r"|(error|falha) (de|na) entrega|nao (foi |e )?(entregue|pode|possivel)|mancata consegna"
    r"|non (recapitat|consegnat|riuscit)"
    r"|niet (bezorgd|afgeleverd)|onbestelbaar|nie (zostala?|mozna) .{0,20}(dostarcz|doreczon)"
    r"|niedoreczon|kohaletoimetamatu|не доставлен|не удалось|退信|退件|配信不能|返送"
    r"|\b5\d\d[ -]5\.\d\.\d|\b5\.[1-7]\.\d{1,2}\b|\b55[0-4][ -]"
)
"""What happened to a message, in ``plain`` letters."""
_DELAYED, _FAILED = re.compile(DELAYED), re.compile(FAILED)
_HELP = re.compile(r"contact|assist|help|question|further|kontakt|hilfe|ayuda|aide", re.IGNORECASE)
_RETURNED = re.compile(
    r"^[ \t]{0,20}[-=_*#]{2,}.{0,40}(original|returned|copy of|unsent) "
    r"|^.{0,60}(copy of (the|your) message|below this line)"
    r"|^(received|return-path|message-id|dkim-signature|mime-version|x-[\w-]{1,60})[ \t]?:",
    re.MULTILINE | re.IGNORECASE,
)
logging.getLogger("flufl.bounce").disabled = True  # it logs what it could not read (F1)
FLUFL_LETTERS, FLUFL_LINE = 8_192, 250
"""The most that flufl.bounce gets: some of its patterns take quadratic time on a line."""


def of_text(
    head: Headers, leaves: Sequence[Part], ours: Sequence[Sent], sent: SentMail
) -> Inbound | None:
    """What a notice means; None if it names no recipient of ours, or not what happened."""
    text = text_of(leaves)
    if found := of_delivery(blocks(text), ours, sent, loose=True):
        return found if found.about else None
    said = _RETURNED.split(text, maxsplit=1)[0]
    failed = head.addresses("x-failed-recipients") or _by_flufl(head, said)
    about: Sequence[Sent] = ()
    if failed or server_speaks(head, sent):
        about = of_address(failed or _named(said), ours, sent)
    kind = _kind(head.text("subject"), said, sure=bool(failed))
    if not about or kind is None:
        return None
    because = "A mail server's notice says that delivery failed for good."
    if kind is Kind.DELAYED:
        because = "A mail server's notice says that it still tries: no bounce."
    return Inbound(kind, because, about, unknown=unknown_at(said, kind))


def _named(said: str) -> list[str]:
    """The addresses in a notice, without those at which one may ask for help."""
    return [
        each
        for line in said.split("\n")
        if not _HELP.search(" ".join(word for word in line.split() if "@" not in word))
        for each in all_addresses(line)
    ]


def _kind(subject: str, text: str, *, sure: bool) -> Kind | None:
    """What happened; the subject counts before the text. ``sure``: it is one of the two."""
    for said in map(plain, (subject, text)):
        delayed, failed = _DELAYED.search(said), _FAILED.search(said)
        if delayed and not (failed and said == plain(subject)):
            return Kind.DELAYED
        if failed:
            return Kind.BOUNCE
    return Kind.BOUNCE if sure else None


def _by_flufl(head: Headers, said: str) -> list[str]:
    """The addresses that flufl.bounce sees fail for good, in a message made of the text alone."""
    notice = Message()
    notice["From"], notice["Subject"] = head.sender() or "mailer-daemon@invalid", "failure notice"
    lines = (line[:FLUFL_LINE] for line in said[:FLUFL_LETTERS].split("\n"))
    notice.set_payload("\n".join(lines).encode("ascii", "replace").decode())
    try:
        found = scan_message(notice)
    except Exception:  # noqa: BLE001 its patterns expect real notices, but this may be anything
        return []
    return [each for octets in found for each in all_addresses(octets.decode("ascii", "replace"))]
