"""The measures of background checks by name."""

import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.checks.plain import plain_check
from bench.checks.rounds import ACCOUNTS, PERIOD, Round, round_of
from bench.checks.servers import Site, site
from bench.postgres.places import durable_server
from engine.work.access import Access
from tests.mail.servers.scripted import NeverAnswering
from tests.worker.mailroom import MAIN, access_at

CHECKED = 500
"""At the pace of 10,000 in a quarter of an hour: 45 s."""
HUNG, WELL = 1_000, 60


def checks() -> dict[str, float]:
    """Processor time of a worker, in per cent of one core and ms a check; and of plain checks.

    That of the servers is not in it, that of an embedded store is.
    """
    with site() as servers:
        embedded, grown = _share(servers, None)
        with durable_server() as server:
            shared, _ = _share(servers, server.create_database("checks"))
        plain = _plain(servers)
    a_second = ACCOUNTS / PERIOD
    return {
        "embedded_percent": embedded * 100,
        "postgres_percent": shared * 100,
        "embedded_ms": embedded / a_second * 1000,
        "plain_ms": plain * 1000,
        "grown": grown,
    }


def _share(servers: Site, url: str | None) -> tuple[float, float]:
    """Of one core, and how many events and envelopes were written."""
    names = [f"a{number:04}@sandbox.test" for number in range(CHECKED)]
    with (
        tempfile.TemporaryDirectory() as name,
        round_of(
            url or f"{name}/store.db",
            Path(name),
            servers.ca_file,
            servers.accesses(names),
        ) as found,
    ):
        before = _written(found)
        found.fall_due(names, PERIOD / ACCOUNTS)
        began, used = time.monotonic(), time.process_time()
        found.turns(lambda: time.monotonic() - began > CHECKED * PERIOD / ACCOUNTS)
        took, used = time.monotonic() - began, time.process_time() - used
        found.turns(lambda: len(found.checked()) == CHECKED)
        assert {row.found for row in found.checked().values()} == {None}
        return used / took, _written(found) - before


def _written(found: Round) -> int:
    store = found.opened.store
    return store.last_position() + len(store.envelopes_of(MAIN, 0, 1_000_000))


def _plain(servers: Site) -> float:
    """Seconds of processor time of one check."""
    context = ssl.create_default_context(cafile=servers.ca_file)
    plain_check(servers, context)
    used = time.process_time()
    for _ in range(200):
        plain_check(servers, context)
    return (time.process_time() - used) / 200


def hung() -> dict[str, float]:
    """Seconds until the last of 60 accounts is checked: alone, and beside 1,000 that hang."""
    with site() as servers, NeverAnswering() as silent:
        well = servers.accesses([f"w{number:03}@sandbox.test" for number in range(WELL)])
        dead = access_at(silent.port, silent.port)
        lost = {f"h{number:04}@sandbox.test": dead for number in range(HUNG)}
        with _round(servers, {**lost, **well}) as found:
            alone = _until_checked(found, [*well], [])
            beside = _until_checked(found, [*well], [*lost])
    return {"alone_s": alone, "beside_s": beside, "held_back_s": beside - alone}


@contextmanager
def _round(servers: Site, accesses: dict[str, Access]) -> Iterator[Round]:
    with (
        tempfile.TemporaryDirectory() as name,
        round_of(f"{name}/store.db", Path(name), servers.ca_file, accesses) as found,
    ):
        yield found


def _until_checked(found: Round, well: list[str], lost: list[str]) -> float:
    due = found.opened.store.now()
    found.fall_due([*lost, *well])

    def all_well() -> bool:
        checked = {name: row.checked_at for name, row in found.checked().items()}
        return all((checked.get(each) or due) > due for each in well)

    began = time.monotonic()
    found.turns(all_well)
    return time.monotonic() - began


CHECK_MEASURES: dict[str, Callable[[], dict[str, float]]] = {"checks": checks, "hung": hung}
