"""A worker's background checks on a store with 10,000 accounts, at the pace they have there."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from adapters.composition.checking import background_checks
from adapters.composition.programs import Opened, Program, engine_over
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from adapters.worker.checks import Checking
from adapters.worker.duties import CHECKING
from engine.ports.check_schedule import ScheduledCheck
from engine.projecting import ProjectionRunner
from engine.reply import Request
from engine.work.access import Access
from projections.shipped import SHIPPED
from tests.work.watch import connect_real
from tests.worker.mailroom import MAIN, Mailroom

ACCOUNTS, PERIOD = 10_000, 900.0
"""Checked once in so many seconds."""
PAGE = 1_000


class Round(NamedTuple):
    """Of a worker in this process. ``names`` are accounts with a mailbox, none of them due."""

    opened: Opened
    checking: Checking
    names: Sequence[str]

    def fall_due(self, names: Sequence[str], apart: float = 0.0) -> None:
        """One every so many seconds, the first now."""
        schedule, now = StoredCheckSchedule(self.opened.beside), self.opened.store.now()
        rows = {row.account_id: row for row in schedule.rows()}
        schedule.settle(
            rows[name]._replace(due_at=now + timedelta(seconds=number * apart))
            for number, name in enumerate(names)
        )

    def checked(self) -> dict[str, ScheduledCheck]:
        rows = StoredCheckSchedule(self.opened.beside).rows()
        return {row.account_id: row for row in rows if row.checked_at is not None}

    def turns(self, happened: Callable[[], bool]) -> None:
        """As a worker takes them, until it ``happened``."""
        while not happened():
            began = time.monotonic()
            self.checking.turn()
            time.sleep(max(0.0, CHECKING - (time.monotonic() - began)))


@contextmanager
def round_of(
    store: str, folder: Path, ca_file: Path, accesses: dict[str, Access]
) -> Iterator[Round]:
    """These accounts with their mailboxes, and others up to 10,000 that are never due."""
    room = Mailroom(store, folder, ca_file)
    room.connect(accesses)
    with room.opened() as opened:
        _connect_others(opened, room, ACCOUNTS - len(accesses))
        program = Program(room.settings, opened, engine_over(opened, room.settings))
        checking = Checking(background_checks(program), room.settings.checks_at_once)
        checking.turn()
        schedule, later = (
            StoredCheckSchedule(opened.beside),
            opened.store.now() + timedelta(hours=20),
        )
        schedule.settle(row._replace(due_at=later) for row in schedule.rows())
        try:
            yield Round(opened, checking, [*accesses])
        finally:
            checking.close()


def _connect_others(opened: Opened, room: Mailroom, number: int) -> None:
    engine, later = engine_over(opened, room.settings), opened.store.now() + timedelta(hours=20)
    commands = [
        connect_real(f"o{each:05}@sandbox.test", f"o{each:05}", "vault:other")
        for each in range(number)
    ]
    for start in range(0, number, PAGE):
        page = [
            Request(command, f"bench-{command.account_id}", "user:bench")
            for command in commands[start : start + PAGE]
        ]
        engine.execute_page(MAIN, page)
    ProjectionRunner(opened.store, opened.views, SHIPPED).keep_up()
    StoredCheckSchedule(opened.beside).add(
        ScheduledCheck(MAIN, each.account_id, later, "vault:other", "other.test")
        for each in commands
    )
