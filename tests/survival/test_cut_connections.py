"""F1: a connection is cut at any octet, in the middle of COMMIT too, and no caller notices."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.stores.postgres import PostgresStore
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.errors import StoreUnavailable
from engine.reply import Reply
from tests.proof.judge import read_log
from tests.survival.aftermath import Asked, is_true, of_command, verify
from tests.survival.office import emails, open_office
from tests.survival.proxy import Cut, Proxy, Way

pytestmark = pytest.mark.kills

POINTS = 60
"""Cuts each way, evenly over what one command sends and hears."""
WARM = 20
"""Commands until everything is prepared, and each sends as much as the next."""


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    with Proxy(postgres_url) as proxy:
        yield proxy


@pytest.fixture(params=[False, True], ids=["locked", "from memory"])
def office(proxy: Proxy, request: pytest.FixtureRequest) -> Iterator["Office"]:
    with closing(PostgresStore(proxy.url, pool_max=1)) as store:
        yield Office(store, proxy, optimistic=request.param)


class Office:
    """One caller behind a wire that may be cut."""

    def __init__(self, store: PostgresStore, proxy: Proxy, *, optimistic: bool) -> None:
        self.store, self.proxy = store, proxy
        self.engine = Engine(store, optimistic=optimistic)
        self.answers: dict[Asked, Reply] = {}
        self._commands = emails()
        open_office(self.engine, "acme")
        for number in range(WARM):
            self.call(f"warm-{number}")

    def call(self, command_id: str, command: Command | None = None) -> Reply:
        answer = self.engine.execute(
            "acme", command or next(self._commands), command_id=command_id, actor="user:test"
        )
        self.answers["acme", command_id] = answer
        return answer

    def cut_everywhere(self, way: Way, points: int) -> int:
        """A command for each point at which the wire is cut. Answers how many cuts there were."""
        self.proxy.count_anew()
        self.call(f"measure-{way.name}")
        length = self.proxy.passed[way]
        assert length > points
        cuts = 0
        for number in range(points):
            self.proxy.count_anew(Cut(way, after=number * length // points))
            answer = self.call(f"{way.name}-{number}")
            cuts += self.proxy.cut is None
            self.proxy.count_anew()
            is_true(answer)
            self.call(f"behind-{way.name}-{number}")
        return cuts


@pytest.mark.rule("F1")
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name.lower())
def test_wherever_the_wire_is_cut_a_command_is_answered_truly_and_recorded_once(
    office: Office, way: Way
) -> None:
    cuts = office.cut_everywhere(way, POINTS)

    assert cuts > POINTS * 0.9
    verify(office.store, office.answers)
    _told_as_recorded(office)


@pytest.mark.soak
@pytest.mark.rule("F1")
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name.lower())
def test_at_every_octet(office: Office, way: Way) -> None:
    office.proxy.count_anew()
    office.call("measure")
    office.cut_everywhere(way, office.proxy.passed[way] - 1)

    verify(office.store, office.answers)
    _told_as_recorded(office)


@pytest.mark.rule("F1")
def test_a_lost_answer_is_told_without_what_another_workspace_did_under_the_same_id(
    postgres_url: str, office: Office
) -> None:
    """Behind the lost commit, another workspace records a command of the same id."""
    with closing(PostgresStore(postgres_url)) as store:
        neighbour = Engine(store)
        open_office(neighbour, "neighbour")
        office.proxy.count_anew()
        office.call("measure")
        office.proxy.count_anew(Cut(Way.TO_CLIENT, after=office.proxy.passed[Way.TO_CLIENT] - 1))
        office.proxy.upon_cut = lambda: is_true(
            neighbour.execute("neighbour", next(emails()), command_id="same", actor="user:test")
        )
        answer = office.call("same")
    is_true(answer)
    assert list(answer.recorded) == list(of_command(office.store, "acme", "same"))
    assert len(of_command(office.store, "neighbour", "same")) == 1


@pytest.mark.rule("F1")
def test_a_tick_that_was_cut_says_so_and_the_next_one_does_it(office: Office) -> None:
    office.proxy.count_anew(Cut(Way.TO_SERVER, after=10))

    with pytest.raises(StoreUnavailable, match="was lost on the way"):
        office.engine.tick("acme")

    office.engine.tick("acme")
    verify(office.store, office.answers)


def _told_as_recorded(office: Office) -> None:
    recorded = {(each.workspace, each.envelope.command_id): each for each in read_log(office.store)}
    for asked, answer in office.answers.items():
        assert list(answer.recorded) == [recorded[asked]]


@pytest.fixture(autouse=True)
def _quiet_pool(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="psycopg.pool")
