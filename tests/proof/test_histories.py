"""Random histories, and what holds in each: the law, lateness, any store, any cache."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.views import SQLiteViews
from aggregates.campaign import Campaign
from aggregates.email_account import EmailAccount
from engine.answers.current import current
from engine.answers.history import History, positions_in
from engine.answers.workspace_answers import Answers, RecipientAnswer
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes, check_snapshots
from engine.cache import EarlierLooks
from engine.engine import Engine
from engine.fence import Unfenced
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from events.base import Event
from events.campaign import GracePeriodExpired
from events.email_account import NoticeIssued
from events.recorded import Recorded
from events.vocabulary import NoticeKind
from projections.histories import of_recipient
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    SECOND,
    SPRING,
    fail,
    hear_from,
    office,
    request_check,
)
from tests.proof.histories import (
    THE_END,
    WORKSPACE,
    Histories,
    log_of,
    states,
    stored,
)
from tests.proof.judge import check, check_views
from tests.proof.optimistic import OptimisticMemoryStore

SOAK = int(os.environ.get("PROOF_SOAK", "20"))
"""How many times longer the soak is."""


def times(examples: int, steps: int = 40) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


class KeepsTheLaw(Histories):
    def __init__(self) -> None:
        super().__init__()
        self.views = MemoryViews()

    def tick(self) -> None:
        super().tick()
        check_views(self.store, self.views)

    def teardown(self) -> None:
        self.clock.time += THE_END
        self.tick()
        check(self.store, settled_at=self.clock.time)


class LatenessChangesNothing(Histories):
    """S7, metamorphic: a punctual worker, one that comes at random, and none at all."""

    def teardown(self) -> None:
        punctual = self.retold_punctually()
        clock = ManualClock(NOON)
        nobody = self.retold(Engine(MemoryStore(clock), self.policy), clock, ticks=False)
        for late, its_clock in ((self.engine, self.clock), (nobody, clock)):
            its_clock.time = NOON + 10 * THE_END
            late.tick(WORKSPACE)
            assert of_the_law(log_of(late)) == of_the_law(log_of(punctual))
            assert untold(states(late)) == untold(states(punctual))


class AnyStoreIsAsGood(Histories):
    def teardown(self) -> None:
        with TemporaryDirectory() as folder:
            clock = ManualClock(NOON)
            store = SQLiteStore(Path(folder) / "store", clock)
            try:
                engine = self.retold(Engine(store, self.policy), clock)
                assert stored(store) == stored(self.store)
                assert states(engine) == states(self.engine)
                check_views(store, SQLiteViews(store))
            finally:
                store.close()


class DecidedFromMemoryIsAsGood(Histories):
    def teardown(self) -> None:
        clock = ManualClock(NOON)
        store = OptimisticMemoryStore(clock)
        engine = self.retold(Engine(store, self.policy), clock)
        assert stored(store) == stored(self.store)
        assert states(engine) == states(self.engine)
        assert [*check_indexes(store), *check_entries(store)] == []


class AnyCacheIsAsGood(Histories):
    """Snapshots every few events and one aggregate in the cache; two engines taking turns."""

    def teardown(self) -> None:
        clock = ManualClock(NOON)
        forgetful = Engine(MemoryStore(clock), self.policy, cache_size=1, snapshot_every=3)
        self.retold(forgetful, clock)
        crowded_clock = ManualClock(NOON)
        crowded = Engine(MemoryStore(crowded_clock), self.policy, cache_people=0)
        self.retold(crowded, crowded_clock)
        assert stored(crowded.store) == stored(self.store)
        assert states(crowded) == states(self.engine)
        cold = Engine(forgetful.store, self.policy)
        never_snapshot = Engine(self.store, self.policy)
        assert stored(forgetful.store) == stored(self.store)
        expected = states(self.engine)
        assert states(forgetful) == expected
        assert states(cold) == expected
        assert states(never_snapshot) == expected
        assert [*check_indexes(forgetful.store), *check_snapshots(forgetful.store)] == []


class AskingTellsTheTruth(Histories):
    """F3, S7: what asking says now is what a worker's settling makes of it, and asking writes
    nothing: the views are behind, and deadlines have passed that nobody has settled. What earlier
    looks have read, and reading a page at a time, change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.views, self.earlier = MemoryViews(), EarlierLooks(3)

    def tick(self) -> None:
        before, end = stored(self.store), self.store.last_position()
        with current(
            self.store,
            self.views,
            WORKSPACE,
            self.policy,
            fence=Unfenced(),
            earlier=self.earlier,
        ) as now:
            told, history = everything(now.answers()), now.history()
            campaigns = now.aggregates.campaigns()
            for name in now.answers().campaigns:
                assert by_pages(now.answers(), name) == list(now.answers().recipients(name))
            case = history.of(of_recipient(SPRING, R1))
        assert stored(self.store) == before
        assert now.recorded_until == end
        self.engine.execute_page(WORKSPACE, [])
        with self.engine.look(WORKSPACE) as settled:
            assert campaigns == settled.campaigns()
        ProjectionRunner(self.store, self.views, SHIPPED).catch_up()
        assert told == everything(Answers(self.views, WORKSPACE))
        recorded = History(self.store, positions_in(self.views), WORKSPACE)
        assert case == recorded.of(of_recipient(SPRING, R1))
        super().tick()

    def teardown(self) -> None:
        self.tick()


PROOFS: Sequence[tuple[type[Histories], int]] = (
    (KeepsTheLaw, 120),
    (LatenessChangesNothing, 150),
    (AnyStoreIsAsGood, 25),
    (DecidedFromMemoryIsAsGood, 60),
    (AnyCacheIsAsGood, 60),
    (AskingTellsTheTruth, 60),
)
each_proof = pytest.mark.parametrize(("proof", "examples"), PROOFS)


@pytest.mark.rule("S2", "S4", "S6", "S7", "S8", "M1")
@each_proof
def test_in_random_histories(proof: type[Histories], examples: int) -> None:
    run_state_machine_as_test(proof, settings=times(examples))


@pytest.mark.soak
@pytest.mark.rule("S2", "S4", "S6", "S7", "S8", "M1")
@each_proof
def test_in_very_many_random_histories(proof: type[Histories], examples: int) -> None:
    run_state_machine_as_test(proof, settings=times(SOAK * examples, steps=80))


# What random histories found.


@pytest.mark.rule("C6", "S7")
@pytest.mark.parametrize("punctual", [True, False])
def test_clocks_run_out_in_the_same_order_however_late_though_one_waits_for_a_check(
    punctual: bool,
) -> None:
    world = office().given(hear_from(ANN, R1, R2), hear_from(BOB, R3), fail(ANN))
    world.at(NOON + 30 * SECOND).given(fail(BOB))
    world.at(NOON + NINE_DAYS).given(request_check(ANN, "never-ends"))

    if punctual:
        world.tick(NOON + NINE_DAYS + 30 * SECOND).tick(NOON + NINE_DAYS + 60 * SECOND)
    world.tick(NOON + 2 * NINE_DAYS)

    expiries = [
        (recorded.event.account_id, recorded.event.occurred_at - NOON - NINE_DAYS)
        for recorded in world.log
        if isinstance(recorded.event, GracePeriodExpired)
    ]
    assert expiries == [(BOB, 30 * SECOND), (ANN, 0 * SECOND)]


# What is compared.


def of_the_law(log: Sequence[Recorded]) -> list[Event]:
    """All facts in order, but the reminders, and without the notices' running number."""
    facts = (recorded.event for recorded in log)
    return [
        replace(fact, number=0) if isinstance(fact, NoticeIssued) else fact
        for fact in facts
        if not (isinstance(fact, NoticeIssued) and is_reminder(fact))
    ]


def everything(answers: Answers) -> tuple[Any, ...]:
    """All that a person may be shown of a workspace."""
    recipients = [
        [*answers.recipients(name), answers.recipients_by_status(name)]
        for name in answers.campaigns
    ]
    return (
        *(answers.accounts, answers.campaigns, recipients, answers.clocks(), answers.notices()),
        *(answers.waiting_campaigns(), answers.not_sending()),
    )


def by_pages(answers: Answers, campaign_id: str) -> list[RecipientAnswer]:
    found: list[RecipientAnswer] = []
    after = None
    while page := answers.recipients_page(campaign_id, after, 2):
        found += page
        after = page[-1].recipient_id
    return found


def is_reminder(notice: NoticeIssued) -> bool:
    """N1: one of the notices a worker issues later on, if one happens to run."""
    return notice.kind in (NoticeKind.FAILURE, NoticeKind.DISCONNECT) and notice.number > 1


def untold(states: dict[str, EmailAccount | Campaign]) -> dict[str, Any]:
    """Without how many notices there were, and of what, which reminders change."""
    return {name: _uncounted(state) for name, state in states.items()}


def _uncounted(state: EmailAccount | Campaign) -> EmailAccount | Campaign:
    if isinstance(state, Campaign):
        return state
    incidents = {
        key: each._replace(notices=0, told_of=None) for key, each in state.incidents.items()
    }
    return state._replace(incidents=incidents)
