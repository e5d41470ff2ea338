"""What a connection check found on each side, and its one report (C1)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.work.classifying.evidence import Evidence, Protocol
from events.vocabulary import CheckReport, Stage

STAGES: dict[Protocol, tuple[Stage, ...]] = {
    Protocol.IMAP: (Stage.NAME, Stage.TCP, Stage.TLS, Stage.LOGIN, Stage.IMAP),
    Protocol.SMTP: (Stage.NAME, Stage.TCP, Stage.TLS, Stage.SMTP),
}
"""The stages of each side, in order; the SMTP login belongs to the stage ``smtp``."""


class StageSeen(NamedTuple):
    """A stage that one side has completed, reported while the check goes on."""

    side: Protocol
    stage: Stage
    passed: bool
    milliseconds: float


Watch = Callable[[StageSeen], None]
"""Called with each stage as it ends, from several threads."""


def unwatched(_: StageSeen) -> None:
    pass


class Folders(NamedTuple):
    """The folders that the mailbox reports. ``sent`` is None if the Sent folder cannot be
    identified."""

    sent: str | None
    delimiter: str | None
    capabilities: tuple[str, ...] = ()


class Side(NamedTuple):
    """How far one side came; ``evidence`` is what ended it, None if everything passed.

    ``logged_in``: the login succeeded, whatever came afterwards.
    """

    protocol: Protocol
    passed: tuple[Stage, ...]
    evidence: Evidence | None = None
    back_off: timedelta | None = None
    folders: Folders | None = None
    logged_in: bool = False

    @property
    def failed_at(self) -> Stage:
        return next(each for each in STAGES[self.protocol] if each not in self.passed)


class Findings(NamedTuple):
    """``report`` goes into an event; the rest is only for the caller.

    ``evidence``: what each failed side said, fit to be stored, by its digest; the deciding one
    comes first. ``sentence`` says what to do; it is empty if all is well. ``back_off``: how long
    the server asks to be left alone.
    """

    report: CheckReport
    evidence: Mapping[str, Evidence] = MappingProxyType({})
    sentence: str = ""
    back_off: timedelta | None = None
    folders: Folders | None = None

    def to_json(self) -> dict[str, Any]:
        """The findings as JSON, without what servers said."""
        report = self.report
        return {
            "passed": [*report.passed],
            "failed_at": report.failed_at,
            "class": report.found,
            "classifier": report.classifier,
            "evidence": report.evidence_digest,
            "sentence": self.sentence or None,
            "sent_folder": self.folders.sent if self.folders else None,
        }
