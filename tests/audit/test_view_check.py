"""Every row of a view is compared with what the log comes to, and what is no damage is said."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import NamedTuple

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.opening import Opened
from engine.answers.overlay import OverlaidLog
from engine.audit.view_check import TOLD, check_views, notes_on_views
from engine.ports.clock import ManualClock
from engine.ports.errors import ViewDiffers
from engine.ports.view_status import Skip, Stop
from engine.projecting import ProjectionRunner
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.histories import HISTORIES
from projections.projection import Projection
from projections.shipped import SHIPPED
from tests.law.story import BOB, DAY, NOON, disconnect, import_recipients
from tests.workplace import Workplace, much_happens, opened_at

OTHERS = [each for each in SHIPPED if each != ACCOUNTS]


class Kept(NamedTuple):
    """A store in use, and the same as who checks opens it."""

    used: Opened
    seen: Opened
    clock: ManualClock

    @property
    def end(self) -> int:
        return self.used.store.last_position()

    def more_happens(self) -> None:
        later = Workplace(self.used.store, self.clock, name="later").at(NOON + 3 * DAY)
        later.given(import_recipients("n1", "n2"), disconnect(BOB))

    def catch_up(self, *projections: Projection, until: int | None = None) -> None:
        log = OverlaidLog(self.used.store, self.end if until is None else until, ())
        ProjectionRunner(log, self.used.views, projections or SHIPPED).catch_up()

    def found(self) -> list[str]:
        return [*map(str, check_views(self.seen.store, self.seen.views, SHIPPED))]

    def notes(self) -> list[str]:
        return [*notes_on_views(self.seen.store, self.seen.views, SHIPPED)]


@pytest.fixture
def kept(url: str) -> Iterator[Kept]:
    clock = ManualClock(NOON)
    with (
        closing(opened_at(url, clock)) as used,
        closing(opened_at(url, clock, read_only=True)) as seen,
    ):
        much_happens(Workplace(used.store, clock))
        yield Kept(used, seen, clock)


def test_what_follows_the_log_is_right_and_needs_no_word(kept: Kept) -> None:
    kept.catch_up()

    assert (kept.found(), kept.notes()) == ([], [])


def test_views_that_were_never_built_are_no_damage(kept: Kept) -> None:
    assert kept.found() == []
    assert kept.notes()[0] == (
        "View recipient_status is not built: not compared. Whoever keeps it next builds it."
    )
    assert len(kept.notes()) == len(SHIPPED)


def test_views_that_are_behind_are_compared_as_far_as_each_has_come(kept: Kept) -> None:
    for number, projection in enumerate(SHIPPED):
        kept.catch_up(projection, until=kept.end - 7 * number)

    assert kept.found() == []
    assert kept.notes()[0] == (
        f"View campaigns stands at {kept.end - 7} of {kept.end}, and is compared up to there."
    )
    assert len(kept.notes()) == len(SHIPPED) - 1


def test_a_view_of_another_version_is_not_compared(kept: Kept) -> None:
    kept.catch_up(*OTHERS, ACCOUNTS._replace(version=1))

    assert kept.found() == []
    assert kept.notes() == [
        "View accounts stands as accounts/1: not compared. Whoever keeps it next builds it."
    ]


def test_views_of_no_projection_that_ships_are_named(kept: Kept) -> None:
    kept.catch_up(*SHIPPED, ACCOUNTS._replace(name="accounts_rebuilt"))

    assert kept.found() == []
    (said,) = kept.notes()
    assert said.startswith("What is kept as accounts_rebuilt is of no view of this program, or of")


def test_an_event_that_a_view_passes_over_is_told_and_passed_over(kept: Kept) -> None:
    views, position = kept.used.views, kept.end - 1
    kept.catch_up(*OTHERS)
    kept.catch_up(ACCOUNTS, until=position - 1)
    views.stop(ACCOUNTS, Stop(position, "poison", NOON))
    assert kept.found() == []

    views.skip(ACCOUNTS, Skip(position, "it is poison", "user:ops", NOON))
    kept.catch_up()

    assert kept.found() == []
    assert kept.notes() == [
        f"View accounts passes over the event at {position}, as user:ops has it do: it is poison"
    ]


def test_each_difference_names_view_and_row_and_what_is_wrong(kept: Kept) -> None:
    kept.catch_up()
    right = kept.used.views.rows(ACCOUNTS)[0]
    wrong = right._replace(slot_id="s9", reason="none")
    more = right._replace(account_id="eve@acme.test")
    history = kept.used.views.rows(HISTORIES)[0]._replace(position="999999999999")
    changes = {
        ACCOUNTS: {row[:2]: row for row in (wrong, more)},
        HISTORIES: {history: history},
    }
    kept.more_happens()
    kept.catch_up(until=kept.end - 1)
    kept.used.views.save(changes, dict.fromkeys(changes, kept.end - 1), kept.end)
    kept.catch_up()

    found = kept.found()

    assert (
        f'View accounts has another row acme {right.account_id}: slot_id is "s9", by the log '
        in (found[0] + found[1])
    )
    assert "View accounts has a row too many: acme eve@acme.test." in found
    assert f"View histories has a row too many: {' '.join(history)}." in found
    assert "View histories differs from the log in " in found[-1]


def test_of_many_differences_the_first_are_told_and_all_are_counted(kept: Kept) -> None:
    kept.catch_up()
    row = kept.used.views.rows(CAMPAIGNS)[0]
    many = [row._replace(campaign_id=f"c{number}") for number in range(TOLD + 20)]
    end = kept.end
    kept.more_happens()
    kept.used.views.save({CAMPAIGNS: {each[:2]: each for each in many}}, {CAMPAIGNS: end}, end + 1)
    kept.catch_up()

    *told, last = check_views(kept.seen.store, kept.seen.views, SHIPPED)

    assert len(told) == TOLD
    assert isinstance(last, ViewDiffers)
    assert f"of which {TOLD} are told" in str(last)


class Interrupted(MemoryViews):
    """Somebody is quicker than who wants to see one moment."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def of_one_moment(self, projections: Sequence[Projection]) -> AbstractContextManager[None]:
        self._meanwhile()
        return super().of_one_moment(projections)


def test_who_goes_on_meanwhile_is_not_taken_for_damage() -> None:
    clock = ManualClock(NOON)
    store = MemoryStore(clock)

    def meanwhile() -> None:
        views.reset(ACCOUNTS)
        ProjectionRunner(OverlaidLog(store, 9, ()), views, [ACCOUNTS]).catch_up()
        Workplace(store, clock, name="later").at(NOON + 3 * DAY).given(disconnect(BOB))
        ProjectionRunner(store, views, OTHERS).catch_up()

    views = Interrupted(meanwhile)
    much_happens(Workplace(store, clock))
    ProjectionRunner(store, views, SHIPPED).catch_up()

    assert [*check_views(store, views, SHIPPED)] == []
    assert views.position(ACCOUNTS) == 9
    assert views.position(HISTORIES) == store.last_position()


def test_what_a_worker_writes_after_the_moment_is_not_seen(kept: Kept) -> None:
    kept.catch_up()
    views = kept.seen.views
    with views.of_one_moment(SHIPPED):
        before = views.statuses(SHIPPED)
        rows = sorted(views.stored(ACCOUNTS))
        kept.more_happens()
        kept.catch_up()

        assert views.statuses(SHIPPED) == before
        assert sorted(views.stored(ACCOUNTS)) == rows
    assert views.statuses(SHIPPED) != before


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_no_rebuilt_view_takes_the_place_of_one_that_is_compared(kept: Kept, url: str) -> None:
    """Its rows would all be missing to a moment that is older than they are."""
    kept.catch_up()
    replace = "LOCK TABLE view_accounts IN ACCESS EXCLUSIVE MODE NOWAIT"
    with psycopg.connect(url) as rebuilding:
        with kept.seen.views.of_one_moment(SHIPPED), pytest.raises(LockNotAvailable):
            rebuilding.execute(replace)
        rebuilding.rollback()
        rebuilding.execute(replace)
