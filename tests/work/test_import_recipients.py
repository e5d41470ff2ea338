"""An import takes who is missing, page by page, whatever broke it off before."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.directory import SQLiteDirectory
from engine.ports.clock import ManualClock
from engine.work.import_recipients import (
    PAGE,
    STOPPED_BEFORE,
    SUPPRESSED,
    Import,
    Imported,
    ImportRefused,
)
from engine.work.ports import Line, Person, RejectedLine
from engine.work.suppressing import Suppressing
from tests.law.story import (
    ANN,
    NINE_DAYS,
    NOON,
    SECOND,
    SPRING,
    SUMMER,
    connect,
    create,
    fail,
    hear_from,
    start,
    suppress,
)
from tests.workplace import ACME, Workplace, on_file

NOBODY = RejectedLine(3, "email", "is no email address")


class Listed:
    """Lines that stand there, and then perhaps an end that nobody expected."""

    def __init__(self, *found: Person | RejectedLine, broken_off: bool = False) -> None:
        self._found = found
        self._broken_off = broken_off

    def lines(self) -> Iterator[Line]:
        yield from enumerate(self._found, 2)
        if self._broken_off:
            raise KeyboardInterrupt


class Importing:
    def __init__(self, folder: Path) -> None:
        clock = ManualClock(NOON)
        self.workplace: Workplace = on_file(folder / "store.db", clock)
        self.workplace.given(connect(ANN), create(ANN, to=[]), start())
        store = self.workplace.store
        assert isinstance(store, SQLiteStore)
        self.directory = SQLiteDirectory(store)
        self.rejected: list[RejectedLine] = []
        self._imports = 0

    def run(
        self,
        listed: Listed,
        campaign: str = SPRING,
        *,
        pages: int = 1_000,
        between: Callable[[], object] = lambda: None,
    ) -> Imported:
        """``between``: what somebody else does after a look and before the page's command."""
        self._imports += 1
        ids = (f"import-{self._imports}-{page}" for page in range(1_000))

        def new_id() -> str:
            between()
            return next(ids)

        job = Import(
            engine=self.workplace.engine,
            directory=self.directory,
            workspace=ACME,
            campaign_id=campaign,
            actor="user:dana",
            reject=self.rejected.append,
            new_id=new_id,
        )
        return job.run(listed, lambda done: done.lines < pages * PAGE)

    def suppress(self, domain: str) -> None:
        ids = (f"{domain}-{number}" for number in range(10))
        engine = self.workplace.engine
        Suppressing(engine, self.directory, ACME, "user:dana", lambda: next(ids)).domains([domain])

    def recipients(self) -> set[str]:
        with self.workplace.engine.look(ACME) as now:
            return {*now.campaign(SPRING).recipients}

    def ids(self, people: Sequence[Person]) -> set[str]:
        found = (self.directory.recipient_at(ACME, each.address) for each in people)
        return {each for each in found if each is not None}


def crowd(count: int) -> list[Person]:
    return [Person(f"p{number}@example.org") for number in range(count)]


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Importing]:
    importing = Importing(tmp_path)
    yield importing
    importing.workplace.store.close()


def test_people_are_taken_once_and_bad_lines_told(importing: Importing) -> None:
    ada, bea = crowd(2)
    assert importing.run(Listed(ada, NOBODY, bea)) == Imported(lines=3, taken=2, rejected=1)
    assert importing.run(Listed(ada, bea)) == Imported(lines=2, known=2)
    assert importing.rejected == [NOBODY]
    assert importing.recipients() == importing.ids([ada, bea])


def test_pages_before_the_end_that_somebody_wanted_are_taken(importing: Importing) -> None:
    people = crowd(2 * PAGE + 5)
    assert importing.run(Listed(*people), pages=1) == Imported(lines=PAGE, taken=PAGE)
    assert importing.run(Listed(*people)).taken == PAGE + 5
    assert len(importing.recipients()) == len(people)


def test_after_a_crash_the_same_list_takes_who_is_missing(importing: Importing) -> None:
    people = crowd(PAGE + 3)
    with pytest.raises(KeyboardInterrupt):
        importing.run(Listed(*people, broken_off=True))
    assert len(importing.recipients()) == PAGE
    assert importing.run(Listed(*people)) == Imported(lines=PAGE + 3, taken=3, known=PAGE)


def test_after_a_crash_between_directory_and_log_ids_are_the_same(importing: Importing) -> None:
    people = crowd(3)
    ids = importing.directory.enrol(ACME, people, SPRING)
    assert importing.recipients() == set()

    assert importing.run(Listed(*people)).taken == 3
    assert importing.recipients() == {*ids}


@pytest.mark.rule("S4")
def test_who_was_stopped_there_is_refused_and_told_and_the_others_taken(
    importing: Importing,
) -> None:
    ada, bea = crowd(2)
    importing.run(Listed(ada))
    (stopped,) = importing.recipients()
    importing.workplace.given(*hear_from(ANN, stopped), fail(ANN))
    importing.workplace.at(NOON + NINE_DAYS + SECOND)

    assert importing.run(Listed(ada, bea)) == Imported(lines=2, taken=1, stopped=1)
    assert importing.rejected == [RejectedLine(2, "email", STOPPED_BEFORE)]


@pytest.mark.rule("M7")
def test_who_is_suppressed_is_refused_and_told_and_the_others_taken(importing: Importing) -> None:
    ada, bea = crowd(2)
    importing.run(Listed(ada))
    (known,) = importing.recipients()
    importing.workplace.given(suppress(known), create(ANN, to=(), campaign=SUMMER))

    done = importing.run(Listed(ada, bea), SUMMER)

    assert done == Imported(lines=2, taken=1, suppressed=1)
    assert importing.rejected == [RejectedLine(2, "email", SUPPRESSED)]


@pytest.mark.rule("S4", "F1")
def test_who_was_forgotten_is_refused_where_he_was_stopped(importing: Importing) -> None:
    (ada,) = crowd(1)
    importing.run(Listed(ada))
    (stopped,) = importing.recipients()
    importing.workplace.given(*hear_from(ANN, stopped), fail(ANN))
    importing.workplace.at(NOON + NINE_DAYS + SECOND).tick()
    end = importing.workplace.log[-1].position
    assert importing.directory.forget(ACME, {stopped: [SPRING]}, as_of=end)

    assert importing.run(Listed(ada)) == Imported(lines=1, stopped=1)
    assert importing.recipients() == {stopped}


def test_a_campaign_that_is_not_there_takes_nobody(importing: Importing) -> None:
    with pytest.raises(ImportRefused) as refused:
        importing.run(Listed(*crowd(1)), campaign="autumn")
    assert refused.value.refusal.code == "unknown_campaign"


def test_no_snapshot_is_made_while_a_list_is_imported(tmp_path: Path) -> None:
    importing = Importing(tmp_path)
    store = importing.workplace.store
    importing.run(Listed(*crowd(2 * PAGE + 5)))
    assert list(store.snapshots()) == []

    importing.run(Listed(Person("late@example.org")))
    importing.workplace.given(fail(ANN))
    assert [each.originator_id for each in store.snapshots()]
    store.close()


@pytest.mark.rule("M7")
def test_a_domain_that_is_suppressed_meanwhile_covers_those_who_are_just_taken(
    importing: Importing,
) -> None:
    blocked, other = Person("ada@blocked.test"), Person("bea@other.test")
    done = importing.run(Listed(blocked, other), between=lambda: importing.suppress("blocked.test"))
    assert done.taken == 2
    with importing.workplace.engine.look(ACME) as now:
        assert {*now.suppressions().people} == importing.ids([blocked])
        open_ = {
            k for k, each in now.campaign(SPRING).recipients.items() if not each.status.terminal
        }
    assert open_ == importing.ids([other])
