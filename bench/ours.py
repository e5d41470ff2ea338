"""Our side: stores with a campaign of any size, built through the engine itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign.commands import (
    CreateCampaign,
    ImportRecipients,
    RecordAccepted,
    ReserveSend,
    StartCampaign,
)
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount, RecordCheck
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from engine.reply import Request
from engine.simulated import simulated_report
from events.vocabulary import Asker, FailureClass, Mode

WORKSPACE, CAMPAIGN, ANN, BOB = "bench", "spring", "ann@acme.test", "bob@acme.test"
START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = 1_000_000_000
PAGE = 2_500


S = TypeVar("S", bound=Store)


class Ledger(Generic[S]):
    """A workspace of a store, the clock it may be told the time by, and an engine on it."""

    def __init__(
        self,
        store: S,
        clock: ManualClock,
        workspace: str = WORKSPACE,
        engine: Engine | None = None,
        *,
        snapshot_every: int = NEVER,
    ) -> None:
        self.clock = clock
        self.store = store
        self.workspace = workspace
        self.engine = engine or Engine(store, snapshot_every=snapshot_every)
        self._commands = 0

    def ask(self, *commands: Command) -> int:
        """Decide these in one transaction; none may be refused. Answers the last's position."""
        first = self._commands
        self._commands += len(commands)
        requests = [
            Request(command, f"bench-{first + number}", "user:bench")
            for number, command in enumerate(commands)
        ]
        answers = self.engine.execute_page(self.workspace, requests)
        for answer in answers:
            if answer.refusal:
                raise AssertionError(answer.refusal)
        return answers[-1].position

    def campaign(self, recipients: int) -> None:
        """A running rotation campaign whose recipients received nothing yet."""
        well = simulated_report(None)
        for slot, account in (("s1", ANN), ("s2", BOB)):
            self.ask(
                ConnectAccount(account_id=account, slot_id=slot, provider="simulated", report=well)
            )
        create = CreateCampaign(
            campaign_id=CAMPAIGN,
            mode=Mode.ROTATION,
            account_ids=(ANN, BOB),
            recipient_ids=tuple(map(recipient, range(recipients))),
        )
        self.ask(create, StartCampaign(campaign_id=CAMPAIGN))

    def hear(self, first: int, last: int) -> None:
        """These recipients receive an email from Ann: two events each."""
        for start in range(first, last, PAGE):
            commands: list[Command] = []
            for number in range(start, min(start + PAGE, last)):
                commands += [reserve(number), accepted(number)]
            self.ask(*commands)

    def import_more(self, first: int, last: int) -> None:
        """Recipients who join later: one event each."""
        ids = tuple(map(recipient, range(first, last)))
        self.ask(ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=ids))

    def fail(self) -> None:
        revoked = simulated_report(FailureClass.AUTH_REVOKED)
        self.ask(RecordCheck(account_id=ANN, asked_by=Asker.BACKGROUND, report=revoked))

    def let_the_window_pass(self) -> None:
        self.clock.advance(timedelta(days=9, seconds=1))


def on_file(folder: Path, *, snapshot_every: int = NEVER) -> Ledger[SQLiteStore]:
    """A ledger of its own in that folder."""
    clock = ManualClock(START)
    store = SQLiteStore(folder / "ledger.db", clock)
    return Ledger(store, clock, snapshot_every=snapshot_every)


def recipient(number: int) -> str:
    return f"r{number:07}"


def reserve(number: int) -> ReserveSend:
    return ReserveSend(
        campaign_id=CAMPAIGN,
        recipient_id=recipient(number),
        account_id=ANN,
        send_id=f"m{number:07}",
    )


def accepted(number: int) -> RecordAccepted:
    return RecordAccepted(
        campaign_id=CAMPAIGN, recipient_id=recipient(number), send_id=f"m{number:07}"
    )
