"""Our side: stores with a campaign of any size, built through the engine itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.clocks import ManualClock
from adapters.simulated import simulated_report
from adapters.sqlite import SQLiteStore
from aggregates.campaign.commands import (
    CreateCampaign,
    ImportRecipients,
    RecordAccepted,
    ReserveSend,
    StartCampaign,
)
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount, RecordCheck
from engine.answer import Request
from engine.engine import Engine
from events.vocabulary import Asker, FailureClass, Mode

WORKSPACE, CAMPAIGN, ANN, BOB = "bench", "spring", "ann@acme.test", "bob@acme.test"
START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = 1_000_000_000
PAGE = 2_500


class Ledger:
    """A store in a folder, its clock, and an engine on it."""

    def __init__(self, folder: Path, *, snapshot_every: int = NEVER) -> None:
        self.clock = ManualClock(START)
        self.store = SQLiteStore(folder / "ledger.db", self.clock)
        self.engine = Engine(self.store, snapshot_every=snapshot_every)
        self._commands = 0

    def ask(self, *commands: Command) -> None:
        """Decide these in one transaction; none may be refused."""
        first = self._commands
        self._commands += len(commands)
        requests = [
            Request(command, f"bench-{first + number}", "user:bench")
            for number, command in enumerate(commands)
        ]
        for answer in self.engine.execute_page(WORKSPACE, requests):
            if answer.refusal:
                raise AssertionError(answer.refusal)

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

    def forget_snapshots(self) -> None:
        with self.store.writing() as cursor:
            cursor.execute("DELETE FROM snapshots")

    def fail(self) -> None:
        revoked = simulated_report(FailureClass.AUTH_REVOKED)
        self.ask(RecordCheck(account_id=ANN, asked_by=Asker.BACKGROUND, report=revoked))

    def let_the_window_pass(self) -> None:
        self.clock.advance(timedelta(days=9, seconds=1))


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
