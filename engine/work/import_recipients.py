"""Make the people on a list recipients of a campaign: page by page, each page a group commit.

Only one page is held in memory. A page is written to the directory before the log, so that every id
stands for somebody; after a crash, importing the same list again adds those who are missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from aggregates.campaign import Recipient
from aggregates.campaign.commands import ImportRecipients, MigrateRecipients
from aggregates.rejections import StoreFenced, Suppressed
from aggregates.suppressions import Suppressions
from engine.engine import Engine
from engine.gc_pause import gc_paused
from engine.reply import Refusal, Request
from engine.work.committing import Committing
from engine.work.ports import Directory, Line, NewId, Person, Recipients, RejectedLine
from engine.work.suppressing import Suppressing, covers
from events.campaign import RecipientAdded, RecipientImportRefused
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

PAGE = 10_000
Taking = ImportRecipients | MigrateRecipients
STOPPED_BEFORE = "was stopped in this campaign before, for good"
SUPPRESSED = "is never to be written to again in this workspace"
"""Reported by line number alone: the person may have been forgotten since."""


class Imported(NamedTuple):
    """What was done so far. ``lines`` counts records; ``known``: people who were in the campaign
    before."""

    lines: int = 0
    taken: int = 0
    known: int = 0
    stopped: int = 0
    rejected: int = 0
    suppressed: int = 0


class ImportRefused(Exception):
    """The campaign takes no recipients."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def wants_all(_: Imported) -> bool:
    return True


def _import(
    campaign_id: CampaignId, ids: Sequence[RecipientId], _: Sequence[Person]
) -> ImportRecipients:
    return ImportRecipients(campaign_id=campaign_id, recipient_ids=tuple(ids))


class Import(NamedTuple):
    """An import into one campaign, on behalf of ``actor``; ``reject`` receives each rejected
    line."""

    engine: Engine
    directory: Directory
    workspace: str
    campaign_id: CampaignId
    actor: str
    reject: Callable[[RejectedLine], object]
    new_id: NewId
    command: Callable[[CampaignId, Sequence[RecipientId], Sequence[Person]], Taking] = _import
    """Makes the command that takes these people, who have these ids."""

    def run(
        self, recipients: Recipients, wanted: Callable[[Imported], bool] = wants_all
    ) -> Imported:
        """Import the list. ``wanted`` is called after each page and may end the import there.

        Raises ``RecipientsError`` and ``ImportRefused``; earlier pages stay imported.
        """
        done = Imported()
        with gc_paused(), self.engine.snapshots_later():
            for page in _pages(recipients.lines()):
                done = self._take(page, done)
                if not wanted(done):
                    break
        return done

    def _take(self, page: Sequence[Line], done: Imported) -> Imported:
        people = [(line, found) for line, found in page if isinstance(found, Person)]
        ids = self._enrolled([person for _, person in people])
        taken, kept_out = self._ask(ids, [person for _, person in people])
        refused = [
            RejectedLine(line, "email", kept_out[recipient_id])
            for recipient_id, (line, _) in zip(ids, people, strict=True)
            if recipient_id in kept_out
        ]
        suppressed = sum(each == SUPPRESSED for each in kept_out.values())
        rejected = [found for _, found in page if isinstance(found, RejectedLine)]
        for each in sorted([*rejected, *refused]):
            self.reject(each)
        return Imported(
            lines=done.lines + len(page),
            taken=done.taken + taken,
            known=done.known + len(ids) - taken - len(kept_out),
            stopped=done.stopped + len(kept_out) - suppressed,
            rejected=done.rejected + len(rejected),
            suppressed=done.suppressed + suppressed,
        )

    def _enrolled(self, people: Sequence[Person]) -> list[RecipientId]:
        """The ids of these people. A forgotten person who was stopped here, or is suppressed, gets
        their old id (S4, M7)."""
        with self.engine.look(self.workspace) as workspace:
            recipients = workspace.campaign(self.campaign_id).recipients
            suppressed = workspace.suppressions().people
        return self.directory.enrol(
            self.workspace,
            people,
            self.campaign_id,
            lambda each: (
                each in suppressed
                or recipients.get(each, Recipient()).status is RecipientStatus.CAMPAIGN_STOPPED
            ),
            self._commit,
        )

    def _commit(self, digests: Mapping[RecipientId, str], *, written: bool = False) -> None:
        """M6: a fenced store takes no recipients, and so commits to none."""
        if (reason := self.engine.fence.closed()) is not None:
            fenced = StoreFenced(reason=reason)
            raise ImportRefused(Refusal(fenced.code, fenced.message))
        Committing(self.engine, self.workspace, self.actor)(digests, written=written)

    def _listed(self) -> Suppressions:
        with self.engine.look(self.workspace) as now:
            return now.suppressions()

    def _ask(
        self, ids: Sequence[RecipientId], people: Sequence[Person]
    ) -> tuple[int, dict[RecipientId, str]]:
        """How many people are new to the campaign; who was kept out, and why (S4, M7)."""
        if not ids:
            return 0, {}
        listed = self._listed()
        covered = _covered(listed, people, ids)
        command = replace(self.command(self.campaign_id, ids, people), suppressed=covered)
        request = Request(command, self.new_id(), self.actor)
        (reply,) = self.engine.execute_page(self.workspace, [request])
        reply = self.engine.retold(self.workspace, reply)
        events = [recorded.event for recorded in reply.recorded]
        kept_out = {
            each.recipient_id: SUPPRESSED if each.reason == Suppressed.code else STOPPED_BEFORE
            for each in events
            if isinstance(each, RecipientImportRefused)
        }
        if reply.refusal is not None and not kept_out:
            raise ImportRefused(reply.refusal)
        self._suppress_late(listed, people, ids)
        return sum(isinstance(each, RecipientAdded) for each in events), kept_out

    def _suppress_late(
        self, before: Suppressions, people: Sequence[Person], ids: Sequence[RecipientId]
    ) -> None:
        """M7: suppress those whose domain was suppressed during the import, when they could not be
        found yet."""
        after = self._listed()
        if after.domains != before.domains:
            about = self.engine, self.directory, self.workspace, self.actor, self.new_id
            Suppressing(*about).people(_covered(after, people, ids))


def _covered(
    listed: Suppressions, people: Sequence[Person], ids: Sequence[RecipientId]
) -> frozenset[RecipientId]:
    """M7: those whose domain is suppressed; the events cannot tell this from an id."""
    pairs = zip(ids, people, strict=True)
    return frozenset(each for each, person in pairs if covers(listed, person.address))


def _pages(lines: Iterable[Line]) -> Iterator[list[Line]]:
    each = iter(lines)
    while page := list(islice(each, PAGE)):
        yield page
