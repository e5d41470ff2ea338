"""Servers' notices in words alone: those of qmail, Exim, Yahoo, Gmail before 2017 and others.

Only of servers, and only for recipients of ours that they name: a person may write the same words.
"""

import re
from collections.abc import Sequence
from email.message import Message

from flufl.bounce import scan_message

from adapters.mail.inbound.headers import Headers, all_addresses
from adapters.mail.inbound.matching import by_addresses, of_address
from adapters.mail.inbound.own_words import text_of
from adapters.mail.inbound.parts import Part
from adapters.mail.inbound.phrases import plain
from adapters.mail.inbound.reports import blocks, of_delivery, unknown_at
from engine.work.inbound import Inbound, Kind, Sent, SentMail

DELAYED = (
    r"\(delay\)|\bdelayed\b|delay(ed)? (mail|delivery|notification)|still being (re)?tried"
    r"|(will|shall) (be |continue to |keep )?(re-?)?(try|tried|attempt)|warning( message|:)"
    r"|not (yet )?been (able to be )?delivered yet|no action is required|temporar\w* (problem|failure"
    r"|deferred|unable)|verzogert|zustellung .{0,30}verzog|retard(e|ee)? (de|dans)|retrasad|atrasad"
    r"|ritardo|vertraagd|opoznion|попытки .{0,40}продол|задерж|延迟|遅延"
)
FAILED = (
    r"undeliver|not (be |been )?delivered|returned? (mail|to (the )?sender|message)|\bfail(ed|ure|s)?\b"
    r"|\bbounced?\b|unable to (deliver|send)|(could|can)( ?no|n')t (be )?(deliver|sen[dt]|reach)"
    r"|permanent|rejected|was an error|does(n't| not) exist|unknown (user|recipient|address)"
    r"|user unknown|no such (user|mailbox|recipient)|mailbox (is )?(full|unavailable|not found)"
    r"|fatal error|notification: error|unzustellbar|nicht (zugestellt|zustellbar)|non (remis|delivre|"
    r"distribue)|echec|no (se )?(ha )?(podido|pudo|entregad)|nao (foi )?(entregue|pode)|mancata consegna"
    r"|non (recapitat|consegnat)|niet (bezorgd|afgeleverd)|onbestelbaar|nie (zostala?|mozna) .{0,20}"
    r"(dostarcz|doreczon)|niedoreczon|kohaletoimetamatu|не доставлен|не удалось|退信|退件|配信不能|返送"
    r"|\b5\d\d[ -]5\.\d\.\d|\b5\.[1-7]\.\d{1,2}\b|\b55[0-4][ -]"
)
_DELAYED, _FAILED = re.compile(plain(DELAYED)), re.compile(plain(FAILED))
_RETURNED = re.compile(
    r"^\W{0,20}(.{0,40}original message|.{0,40}copy of (the|your) message|below (this|the) )"
    r"|^(received|return-path|message-id|dkim-signature|mime-version|x-[\w-]{1,60})[ \t]?:",
    re.MULTILINE | re.IGNORECASE,
)
FLUFL_LETTERS, FLUFL_LINE = 8_192, 250
"""As much as flufl.bounce gets: some of its patterns take quadratic time on a line."""


def of_text(
    head: Headers, leaves: Sequence[Part], ours: Sequence[Sent], sent: SentMail
) -> Inbound | None:
    """None where it names nobody of ours, or does not say what became of the message."""
    text = text_of(leaves)
    if found := of_delivery(blocks(text), ours, sent, loose=True):
        return found if found.about else None
    said = _RETURNED.split(text, maxsplit=1)[0]
    failed = head.addresses("x-failed-recipients")
    by_program = [] if failed else _by_flufl(head, said)
    about = of_address(failed, ours, sent) if failed else ()
    about = about or (of_address(by_program, ours, sent) if by_program else ())
    about = about or of_address(all_addresses(said), ours, sent)
    kind = _kind(head.text("subject"), said, sure=bool(failed or by_program))
    if not about or kind is None:
        return None
    because = "A mail server's notice says that delivery failed for good."
    if kind is Kind.DELAYED:
        because = "A mail server's notice says that it still tries: no bounce."
    return Inbound(kind, because, about, unknown=unknown_at(said, kind))


def _kind(subject: str, text: str, *, sure: bool) -> Kind | None:
    """What the subject says goes before the text; ``sure``: it is one of the two."""
    for said in map(plain, (subject, text)):
        delayed, failed = _DELAYED.search(said), _FAILED.search(said)
        if delayed and not (failed and said == plain(subject)):
            return Kind.DELAYED
        if failed:
            return Kind.BOUNCE
    return Kind.BOUNCE if sure else None


def _by_flufl(head: Headers, said: str) -> list[str]:
    """Whom flufl.bounce sees fail for good, in a message of the text alone."""
    notice = Message()
    notice["From"], notice["Subject"] = head.sender() or "mailer-daemon@invalid", "failure notice"
    lines = (line[:FLUFL_LINE] for line in said[:FLUFL_LETTERS].split("\n"))
    notice.set_payload("\n".join(lines).encode("ascii", "replace").decode())
    try:
        found = scan_message(notice)
    except Exception:  # noqa: BLE001 its patterns were made for real notices, ours may be anything
        return []
    return [each for octets in found for each in all_addresses(octets.decode("ascii", "replace"))]
