"""Faults of a sandbox: what goes wrong, where, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

Service = Literal["imap", "smtp", "oauth"]
SERVICES: tuple[Service, ...] = get_args(Service)

STAGES: dict[Service, tuple[str, ...]] = {
    "imap": (
        *("connect", "tls", "greeting", "starttls", "login"),
        *("id", "list", "select", "search", "fetch", "store", "append"),
    ),
    "smtp": ("connect", "tls", "greeting", "ehlo", "starttls", "login", "mail", "rcpt", "data"),
    "oauth": ("connect", "tls", "authorize", "token", "introspect", "revoke", "userinfo"),
}
"""Where faults can occur, in the order of a connection. ``connect`` is before TLS and greeting,
``tls`` before the handshake, ``data`` after the dot that ends a message."""


class Act(StrEnum):
    """What a fault does."""

    SAY = "say"
    """Answer with the text of the fault instead of doing what was asked for."""
    FLOOD = "flood"
    """Answer with ten megabytes in one line."""
    DROP = "drop"
    """Break the connection instead of doing what was asked for."""
    SILENCE = "silence"
    """Keep reading and never answer."""
    DRIP = "drip"
    """Do it, and answer one octet at a time from then on."""
    HALF = "half"
    """Do it, send half of the answer, and break the connection."""
    LOSE = "lose"
    """Do it, and break the connection without an answer."""
    HIDE = "hide"
    """Do not offer STARTTLS, as if somebody on the way had removed it."""


class ImpossibleFault(ValueError):
    """There is no such fault; the text says what there is."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``account``: for whom it happens, None for everybody; before a login nobody is known. At
    ``rcpt`` and ``data`` it may also be a recipient's address.

    ``text`` is what ``say`` answers: for IMAP without the tag (lines that begin with ``*`` are
    untagged), for SMTP with its code, for OAuth the status and the body. ``times``: how often it
    happens, None for always. ``pace``: seconds per octet, for ``drip``.
    """

    service: Service
    stage: str
    act: Act
    text: str = ""
    account: str | None = None
    times: int | None = None
    pace: float = 1.0

    def __post_init__(self) -> None:
        stages = STAGES[self.service]
        if self.stage not in stages:
            raise ImpossibleFault(
                f"{self.service} has no stage {self.stage}. There are: {', '.join(stages)}."
            )
        if self.act is Act.SAY and not self.text:
            raise ImpossibleFault("What is to be said needs a text.")
        if self.act is Act.HIDE and self.stage != "starttls":
            raise ImpossibleFault("Only starttls can be hidden.")
        if self.times is not None and self.times < 1:
            raise ImpossibleFault("A fault happens at least once.")

    def meets(self, service: Service, stage: str, names: Sequence[str | None]) -> bool:
        return (
            self.service == service
            and self.stage == stage
            and self.act is not Act.HIDE
            and self.account in (None, *names)
        )


@dataclass(eq=False)
class _Waiting:
    fault: Fault
    left: int | None


class Faults:
    """All faults that are to happen. Of several faults at one place, the newest happens."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(_Waiting(fault, fault.times))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, service: Service, stage: str, *names: str | None) -> Fault | None:
        """The fault that happens now to one of these names; it uses up one of the fault's times."""
        for waiting in reversed(self._waiting):
            if waiting.fault.meets(service, stage, names):
                self._use_up(waiting)
                return waiting.fault
        return None

    def hides_starttls(self, service: Service) -> bool:
        """Whether STARTTLS is hidden; asked once per connection."""
        for waiting in reversed(self._waiting):
            if waiting.fault.service == service and waiting.fault.act is Act.HIDE:
                self._use_up(waiting)
                return True
        return False

    def _use_up(self, waiting: _Waiting) -> None:
        if waiting.left is None:
            return
        waiting.left -= 1
        if not waiting.left:
            self._waiting.remove(waiting)
