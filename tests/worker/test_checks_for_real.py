"""Background checks by real workers on real servers: cured, divided, killed, stopped."""

import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from adapters.composition.mailboxes import accesses_of
from events.vocabulary import ConnectionStatus
from tests.mail.relays import LocalRelay, running
from tests.mail.servers.dovecot import Dovecot, User
from tests.mail.servers.scripted import Conversation, NeverAnswering, Scripted
from tests.worker.mailroom import MAIN, Mailroom, access_at, access_to
from tests.worker.processes import Process, eventually

pytestmark = pytest.mark.kills

USERS = [User(f"u{number}@sandbox.test", f"secret-{number}") for number in range(6)]
ANN = USERS[0]
LOGIN = re.compile(r"imap-login.*Login: user=<([^>]+)>")


@contextmanager
def mail_server() -> Iterator[Dovecot]:
    with running(LocalRelay()) as port, Dovecot(USERS, relay=port) as dovecot:
        yield dovecot


class Silent:
    """Says nothing, and counts who is there."""

    def __init__(self) -> None:
        self.came = self.here = 0
        self._lock = threading.Lock()

    def __call__(self, talk: Conversation) -> None:
        with self._lock:
            self.came += 1
            self.here += 1
        try:
            talk.be_silent()
        finally:
            with self._lock:
                self.here -= 1


def worker(room: Mailroom, output: Path, *words: str, **settings: str) -> Process:
    process = Process(output, *words, "--store", room.settings.store, **room.variables, **settings)
    process.begun()
    return process


@pytest.mark.rule("C2", "C5")
def test_a_served_account_fails_and_is_cured_as_its_server_says(tmp_path: Path) -> None:
    with mail_server() as dovecot:
        room = Mailroom(str(tmp_path / "store.db"), tmp_path, dovecot.ca_file)
        room.connect({ANN.address: access_to(dovecot, ANN)})
        serving = worker(room, tmp_path / "out", "serve", CHECK_INTERVAL="1")
        try:
            eventually(lambda: len(LOGIN.findall(dovecot.log)) >= 3)
            quiet = room.position()
            eventually(lambda: len(LOGIN.findall(dovecot.log)) >= 6)
            assert room.position() == quiet

            dovecot.change(User(ANN.address, "another-secret"))
            eventually(lambda: room.status(ANN.address) is ConnectionStatus.FAILED)
            dovecot.change(ANN)
            eventually(lambda: room.status(ANN.address) is ConnectionStatus.SUCCESSFUL)
        finally:
            assert serving.stopped(signal.SIGTERM) == 0
        assert not serving.told("Traceback")
        assert not serving.told(ANN.password)


def test_two_workers_divide_the_checks_and_do_none_twice(tmp_path: Path, postgres_url: str) -> None:
    with mail_server() as dovecot:
        room = Mailroom(postgres_url, tmp_path, dovecot.ca_file)
        room.connect({each.address: access_to(dovecot, each) for each in USERS})
        crew = [
            worker(room, tmp_path / f"{name}", "work", "--only", "checks", CHECK_INTERVAL="2")
            for name in "ab"
        ]
        try:
            began, before = time.monotonic(), Counter(LOGIN.findall(dovecot.log))
            eventually(lambda: len(LOGIN.findall(dovecot.log)) >= before.total() + 72)
        finally:
            for each in crew:
                assert each.stopped(signal.SIGTERM) == 0
        periods = (time.monotonic() - began) / 2
        checked = Counter(LOGIN.findall(dovecot.log)) - before
        assert set(checked) == {each.address for each in USERS}
        # Workers that did not divide them would do twice as many. A few more than one a period may
        # be: on a busy machine a check can fail for want of time, and is then repeated sooner.
        assert max(checked.values()) <= 1.5 * (periods + 1) + 1
        assert not any(each.told("Traceback") for each in crew)


@pytest.mark.rule("C2")
def test_a_check_whose_worker_was_killed_is_done_by_another_after_the_lease(
    tmp_path: Path, postgres_url: str
) -> None:
    silent, other = Silent(), Silent()
    with Scripted(silent) as imap, Scripted(other) as others, NeverAnswering() as smtp:
        room = Mailroom(postgres_url, tmp_path)
        room.connect({"ann@sandbox.test": access_at(imap.port, smtp.port)})
        first = worker(room, tmp_path / "a", "work", "--only", "checks", CHECK_INTERVAL="2")
        second = None
        try:
            eventually(lambda: silent.here == 1)
            first.kill()
            eventually(lambda: silent.here == 0)
            room.connect({"bob@sandbox.test": access_at(others.port, smtp.port)})
            second = worker(room, tmp_path / "b", "work", "--only", "checks", CHECK_INTERVAL="2")
            eventually(lambda: other.here == 1)
            assert silent.came == 1

            let_leases_run_out(room)
            eventually(lambda: silent.here == 1)
            assert silent.came == 2
            assert second.stopped(signal.SIGTERM) == 0
            row = room.row("ann@sandbox.test")
            assert row is not None
            assert (row.tries, row.found, row.lease) == (1, "unreachable", "")
        finally:
            for each in (first, second):
                if each is not None:
                    with suppress(ProcessLookupError):
                        each.kill()


def let_leases_run_out(room: Mailroom) -> None:
    with psycopg.connect(room.settings.store) as connection:
        connection.execute("UPDATE check_schedule SET due_at = now() WHERE lease <> ''")


@pytest.mark.rule("R2")
def test_a_worker_deletes_credentials_that_a_process_left_when_it_died(
    tmp_path: Path, postgres_url: str
) -> None:
    room = Mailroom(postgres_url, tmp_path)
    room.connect({"ann@sandbox.test": access_at(1, 1)})
    with room.opened() as opened:
        accesses = accesses_of(opened, room.settings, MAIN)
        for account in ("ann@sandbox.test", "never@sandbox.test"):
            accesses.add(account, access_at(2, 2))
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE vault_secrets SET stored_at = now() - interval '25 hours'")
    assert room.secrets() == 3

    serving = worker(room, tmp_path / "out", "work", "--only", "checks")
    try:
        eventually(lambda: room.secrets() == 1)
    finally:
        assert serving.stopped(signal.SIGTERM) == 0
    assert room.status("ann@sandbox.test") is ConnectionStatus.SUCCESSFUL
