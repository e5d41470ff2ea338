"""A probe whose result is given to it: for rehearsals at the keyboard."""

from typing import NamedTuple

from engine.simulated import simulated_report
from engine.work.findings import Findings, Watch, unwatched
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass


class ToldProbe(NamedTuple):
    """``found`` is the class of the trouble; None if all is well."""

    found: FailureClass | None

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        return Findings(simulated_report(self.found))
