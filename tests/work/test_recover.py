"""A restored store as a whole: what derives from its log, and the persons beside it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.stores.opening import Opened, opened_file, opened_schema
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from aggregates.recipient import ForgetRecipient
from engine.answers.workspace_answers import Answers
from engine.audit.index_check import check_indexes
from engine.audit.view_check import check_views
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.stream.source import StoreAsSource
from engine.work.forgetting import Forgetters, forget
from engine.work.ports import Person
from engine.work.recover import NAME, AtWork, Recovered, Restored, recover
from engine.work.recover_log import EntryDiffers, EntryMissing
from projections.shipped import SHIPPED
from tests.law.story import ANN, DAY, NOON, connect, create, import_recipients, start
from tests.postgres import NamedServer
from tests.work.copies import Copying, Databases, Files, Place, Told
from tests.workplace import ACME, Workplace

CLOCK = ManualClock(NOON)


@pytest.fixture(params=["sqlite", "postgresql"])
def copying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copying]:
    if request.param == "sqlite":
        yield Files(tmp_path)
        return
    server: NamedServer = request.getfixturevalue("postgres_server")
    with closing(Databases(server)) as databases:
        yield databases


@contextmanager
def opened(place: Place) -> Iterator[Opened]:
    if isinstance(place, Path):
        found = opened_file(SQLiteStore(place, CLOCK))
    else:
        found = opened_schema(PostgresStore(place, CLOCK))
    with closing(found):
        yield found


def recovered(place: Place, source: Told | StoreAsSource) -> Recovered:
    with opened(place) as found:
        return recover(restored(found), source)


def restored(found: Opened) -> Restored:
    keep = Forgetters(found.directory, found.evidence)
    parts = found.store, found.views, found.coordination
    return Restored(*parts, keep, found.fence.begin_generation)


def forget_in(found: Opened, recipient_id: str) -> None:
    """As the door does it."""
    Engine(found.store).execute(
        ACME, ForgetRecipient(recipient_id=recipient_id), command_id="forget", actor="user:kim"
    )
    ProjectionRunner(found.store, found.views, SHIPPED).catch_up()
    answers = Answers(found.views, ACME)
    forget(
        Forgetters(found.directory, found.evidence),
        ACME,
        recipient_id,
        found.store.last_position,
        lambda: answers.everywhere(recipient_id),
        suppressed=lambda: False,
    )


def lost(copying: Copying) -> tuple[Place, Place, list[str]]:
    """Ben and Cat are known when the backup is made; later Ben is forgotten, and Dan comes."""
    original = copying.new()
    with opened(original) as found:
        people = [Person("ben@x.test", "Ben"), Person("cat@x.test", "Cat")]
        ben, cat = found.directory.enrol(ACME, people)
        work = Workplace(found.store, CLOCK)
        work.given(connect(ANN), create(ANN, to=[ben, cat]))
    backup = copying.copy(original)
    with opened(original) as found:
        (dan,) = found.directory.enrol(ACME, [Person("dan@x.test", "Dan")])
        Workplace(found.store, CLOCK, name="later").given(import_recipients(dan), start())
        forget_in(found, ben)
        assert found.directory.person(ACME, ben) is None
    return original, backup, [ben, cat, dan]


def stream_of(place: Place) -> Told:
    with opened(place) as found:
        return Told([*StoreAsSource(found.store).records()])


@pytest.mark.rule("F1")
def test_who_was_forgotten_is_forgotten_again_in_a_directory_that_a_backup_brought_back(
    copying: Copying,
) -> None:
    original, backup, (ben, cat, dan) = lost(copying)
    with opened(backup) as found:
        assert found.directory.person(ACME, ben) is not None

    done = recovered(backup, stream_of(original))

    assert list(done.forgotten_again) == [(ACME, ben)]
    assert list(done.nameless) == [(ACME, dan)]
    with opened(backup) as found:
        assert found.directory.person(ACME, ben) is None
        assert found.directory.forgotten_at(ACME, ben) is not None
        assert found.directory.person(ACME, cat) is not None
    if isinstance(backup, Path):
        files = [each for each in backup.parent.glob(f"{backup.name}*") if each.is_file()]
        octets = [each.read_bytes() for each in files]
        assert octets
        assert not any(b"ben@x.test" in each for each in octets)
    again = recovered(backup, stream_of(original))
    assert (list(again.forgotten_again), list(again.nameless)) == ([], [(ACME, dan)])


@pytest.mark.rule("F1")
def test_the_fact_of_a_forgotten_person_names_the_id_alone(copying: Copying) -> None:
    original, _, (ben, *_) = lost(copying)

    told = b" ".join(each.value for each in stream_of(original).given)

    assert f'"recipient_id":"{ben}"'.encode() in told
    assert b"x.test" not in told
    assert b"Ben" not in told


def test_what_derives_from_the_log_follows_it(copying: Copying) -> None:
    original, backup, _ = lost(copying)
    recovered(backup, stream_of(original))

    with opened(backup) as found:
        assert [*check_indexes(found.store)] == []
        assert [*check_views(found.store, found.views, SHIPPED)] == []
        assert found.coordination.alarms() == []
        Workplace(found.store, CLOCK, name="on").at(NOON + DAY).given(import_recipients("eve"))


def test_a_stream_that_breaks_off_leaves_an_alarm_until_a_recovery_is_complete(
    copying: Copying,
) -> None:
    original, backup, _ = lost(copying)
    stream = stream_of(original)
    end = len(stream.given)
    with opened(backup) as found:
        begin = found.store.last_entry() + 1
        assert begin < end - 1
        broken = Told([*stream.given[: end - 1], stream.given[begin]])
        with pytest.raises(EntryMissing):
            recover(restored(found), broken, page=1)
        (alarm,) = found.coordination.alarms()
        assert begin <= found.store.last_entry() < end - 1
        assert [*check_indexes(found.store)] == []

    assert recovered(backup, stream).log.last_entry == end - 1
    with opened(backup) as found:
        assert found.coordination.alarms() == []
    assert alarm.about == NAME


def test_a_refused_stream_raises_no_alarm(copying: Copying) -> None:
    original, backup, _ = lost(copying)
    stream = stream_of(original)
    headers = [each for each in stream.given[2].headers if each[0] != "ce_actor"]
    stream.given[2] = stream.given[2]._replace(headers=[*headers, ("ce_actor", b"user:eve")])

    with pytest.raises(EntryDiffers):
        recovered(backup, stream)
    with opened(backup) as found:
        assert found.coordination.alarms() == []


def test_nothing_is_recovered_while_somebody_works_on_the_store(copying: Copying) -> None:
    original, backup, _ = lost(copying)
    stream, before = stream_of(original), copying.rows(backup)
    with (
        opened(backup) as found,
        found.coordination.serving("worker-7", ["views"]) as member,
        opened(backup) as other,
    ):
        member.lead(SHIPPED)
        with pytest.raises(AtWork, match="worker-7 is working on the store"):
            recover(restored(other), stream)

    assert copying.rows(backup) == before


@pytest.mark.rule("F1")
def test_a_person_is_forgotten_once(copying: Copying) -> None:
    _, backup, (ben, *_) = lost(copying)
    with opened(backup) as found:
        forget_in(found, ben)
        end = found.store.last_position()
        forget = ForgetRecipient(recipient_id=ben)
        again = Engine(found.store).execute(ACME, forget, command_id="again", actor="user:kim")

        assert (again.refusal, found.store.last_position()) == (None, end)
