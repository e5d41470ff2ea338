"""Who is next in 200 campaigns that send through 20 accounts, with few recipients and many?"""

import os
import resource
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from time import thread_time

from adapters.stores.memory import MemoryStore
from aggregates.campaign.commands import CreateCampaign, RecordAccepted, SetSequence, StartCampaign
from aggregates.email_account.commands import ConnectAccount
from bench.ours import START, WORKSPACE, Ledger
from engine.decoding import decode_page
from engine.planning.planner import Plan
from engine.ports.clock import ManualClock
from engine.simulated import simulated_report
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from events.sequence import MailSequence, Step
from events.vocabulary import Mode, Settings

CAMPAIGNS, ACCOUNTS, ASKED = 200, 20, 600
SMALL, LARGE = 10_000, 1_000_000
STEPS = (Step(name="intro"), Step(name="nudge", after=timedelta(minutes=10)))


def planning() -> dict[str, float]:
    """Milliseconds of one answer, seconds until the first, and megabytes, at two sizes."""
    figures = dict[str, float]()
    for size in (SMALL, LARGE):
        figures |= {f"{name}_{size}": each for name, each in _planned(size).items()}
    return figures


def _planned(size: int) -> dict[str, float]:
    ledger = _workspace(size)
    before = _resident()
    inboxes = WorkspaceInboxes(_Cursors(), WORKSPACE)
    begin = thread_time()
    dispatch = Dispatch(ledger.engine, WORKSPACE, inboxes)
    begun = thread_time() - begin
    planner = _resident() - before
    centiles = quantiles(_asked(ledger, dispatch, inboxes), n=100)
    return {
        "p50_ms": centiles[49],
        "p95_ms": centiles[94],
        "begin_s": begun,
        "mb": planner / 1e6,
    }


def _workspace(size: int) -> Ledger[MemoryStore]:
    clock = ManualClock(START)
    ledger = Ledger(MemoryStore(clock), clock)
    well = simulated_report(None)
    accounts = [f"a{number:02}@acme.test" for number in range(ACCOUNTS)]
    settings = Settings(sending_speed=1_000_000, limits={"gap": 0})
    for number, account in enumerate(accounts):
        ledger.ask(
            ConnectAccount(
                account_id=account,
                slot_id=f"s{number}",
                provider="simulated",
                report=well,
                settings=settings,
            )
        )
    each = size // CAMPAIGNS
    for number in range(CAMPAIGNS):
        name = f"c{number:03}"
        people = tuple(f"r{number * each + person:07}" for person in range(each))
        sequence = MailSequence(mail_id=name, zone="UTC", steps=STEPS, exclusive=number % 4 == 0)
        ledger.ask(
            CreateCampaign(
                campaign_id=name,
                mode=Mode.ROTATION,
                account_ids=tuple(accounts),
                recipient_ids=people,
            ),
            SetSequence(campaign_id=name, sequence=sequence),
            StartCampaign(campaign_id=name),
        )
    return ledger


def _asked(
    ledger: Ledger[MemoryStore], dispatch: Dispatch, inboxes: WorkspaceInboxes
) -> Iterator[float]:
    """Milliseconds of processor time, account by account; what is next is sent before the next
    question, follow-ups too."""
    accounts = list(dispatch.senders())
    for number in range(ASKED):
        ledger.clock.advance(timedelta(seconds=10))
        account = accounts[number % ACCOUNTS]
        inboxes.move(account, Cursor("", ledger.clock.time))
        begin = thread_time()
        draft = dispatch.next_from(account, ledger.clock.time)
        yield (thread_time() - begin) * 1_000
        assert draft is not None
        _send(ledger, dispatch, draft.plan)


def _send(ledger: Ledger[MemoryStore], dispatch: Dispatch, plan: Plan) -> None:
    after = ledger.store.last_position()
    ledger.ask(dispatch.reservation(plan))
    with ledger.engine.look(WORKSPACE) as now:
        sending = now.campaign(plan.campaign_id).recipients[plan.recipient_id].sending
    assert sending is not None
    ledger.ask(
        RecordAccepted(
            campaign_id=plan.campaign_id,
            recipient_id=plan.recipient_id,
            send_id=sending.send_id,
        )
    )
    dispatch.follow(list(decode_page(ledger.store.read(after, 10), after)))


def _resident() -> int:
    pages = int(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


class _Cursors:
    """Of inboxes that are read as the measure says."""

    def all(self, _: str) -> Mapping[str, Cursor]:
        return {}

    def move(self, *_: object) -> None: ...

    def forget(self, *_: object) -> None: ...
