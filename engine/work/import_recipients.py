"""People of a CSV file become recipients of a campaign: page by page, each page a group commit.

Only a page is held in memory. A page is in the directory before it is in the log, so that an id
never stands for nobody; after a crash the same file again takes whoever is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from adapters.csv.recipients_csv import Read, RejectedLine, read_lines
from adapters.csv.rejected_lines import RejectedLines
from aggregates.campaign import Recipient
from aggregates.campaign.commands import ImportRecipients
from engine.engine import Engine
from engine.gc_pause import gc_paused
from engine.reply import Refusal, Request
from engine.work.ports import Directory, Person
from events.campaign import RecipientAdded, RecipientImportRefused
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

PAGE = 10_000
NEVER = 1_000_000_000
"""Snapshots wait until the import is over: each would hold the whole campaign."""


STOPPED = RecipientStatus.CAMPAIGN_STOPPED


class Imported(NamedTuple):
    """What was done so far. ``lines`` counts records; ``known`` were in the campaign before."""

    lines: int = 0
    taken: int = 0
    known: int = 0
    stopped: int = 0
    rejected: int = 0


class ImportRefused(Exception):
    """The campaign takes nobody."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Import(NamedTuple):
    """Into which campaign of which workspace, on whose behalf, and where rejections go."""

    engine: Engine
    directory: Directory
    workspace: str
    campaign_id: CampaignId
    actor: str
    report: RejectedLines

    def run(
        self, path: Path, *, skip_undecodable: bool, wanted: Callable[[Imported], bool]
    ) -> Imported:
        """Take the file's people. ``wanted`` hears of each page and may end the import there.

        Raises ``RecipientsFileError`` and ``ImportRefused``; pages before it are taken.
        """
        done = Imported()
        with gc_paused():
            for page in _pages(read_lines(path, skip_undecodable=skip_undecodable)):
                done = self._take(page, done)
                if not wanted(done):
                    break
        return done

    def _take(self, page: Sequence[Read], done: Imported) -> Imported:
        people = [(line, found) for line, found in page if isinstance(found, Person)]
        with self.engine.look(self.workspace) as workspace:
            recipients = workspace.campaign(self.campaign_id).recipients
        ids = self.directory.enrol(
            self.workspace,
            (person for _, person in people),
            self.campaign_id,
            lambda each: recipients.get(each, Recipient()).status is STOPPED,
        )
        taken, stopped = self._ask(ids)
        lines = {ids[at]: line for at, (line, _) in enumerate(people)} if stopped else {}
        refused = [
            RejectedLine(lines[each], "email", "was stopped in this campaign before, for good")
            for each in stopped
        ]
        rejected = [found for _, found in page if isinstance(found, RejectedLine)]
        for each in sorted([*rejected, *refused]):
            self.report.add(each)
        return Imported(
            lines=done.lines + len(page),
            taken=done.taken + taken,
            known=done.known + len(ids) - taken - len(stopped),
            stopped=done.stopped + len(stopped),
            rejected=done.rejected + len(rejected),
        )

    def _ask(self, ids: Sequence[RecipientId]) -> tuple[int, list[RecipientId]]:
        """How many are new to the campaign, and whom it stopped (S4)."""
        if not ids:
            return 0, []
        command = ImportRecipients(campaign_id=self.campaign_id, recipient_ids=tuple(ids))
        request = Request(command, uuid4().hex, self.actor)
        (answer,) = self.engine.execute_page(self.workspace, [request])
        events = [recorded.event for recorded in answer.recorded]
        stopped = [each.recipient_id for each in events if isinstance(each, RecipientImportRefused)]
        if answer.refusal is not None and not stopped:
            raise ImportRefused(answer.refusal)
        return sum(isinstance(each, RecipientAdded) for each in events), stopped


def _pages(lines: Iterable[Read]) -> Iterator[list[Read]]:
    each = iter(lines)
    while page := list(islice(each, PAGE)):
        yield page
