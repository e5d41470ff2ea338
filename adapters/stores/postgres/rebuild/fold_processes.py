"""Processes that fold for a rebuild, and their end, whatever ends them.

They are spawned, never forked: a fork would share the connections of its maker. A process whose
maker is gone ends when it next tells how far it has come, before it writes anything.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from adapters.stores.postgres.rebuild.log_pass import Task, fold_parts
from adapters.stores.postgres.rebuild.refusals import ProcessLost
from adapters.stores.postgres.rebuild.swapping import SQL
from adapters.stores.postgres.store import PostgresStore
from engine.gc_pause import gc_paused

PATIENCE = 5.0
"""Seconds a process may take to end when it is told to."""


class Failed(NamedTuple):
    """An error on its way from one process to another, as what it was."""

    kind: type[Exception]
    text: str
    facts: dict[str, Any]

    def error(self) -> Exception:
        error = self.kind.__new__(self.kind, self.text)
        error.__dict__.update(self.facts)
        return error


Said = int | Failed | None
"""How far it has come; what went wrong; that all is done."""


def fold_in_processes(
    store: PostgresStore, tasks: Sequence[Task], progress: Callable[[int], None]
) -> None:
    """Do these tasks, each in a process of its own; ``progress`` is told what all have done.

    Raises what one of them raised, and ``ProcessLost``; none of them is left then.
    """
    with _started(store, tasks) as processes:
        done = dict.fromkeys(processes, 0)
        under_way = set(processes)
        while under_way:
            for connection in wait(list(under_way)):
                assert isinstance(connection, Connection)
                said = _heard(connection, processes[connection])
                if said is None:
                    under_way.remove(connection)
                else:
                    done[connection] = max(done[connection], said)
                    progress(min(done.values()))


def _heard(connection: Connection, process: SpawnProcess) -> int | None:
    try:
        said: Said = connection.recv()
    except EOFError:
        process.join(PATIENCE)
        raise ProcessLost(exit_code=process.exitcode) from None
    if isinstance(said, Failed):
        raise said.error()
    return said


@contextmanager
def _started(
    store: PostgresStore, tasks: Sequence[Task]
) -> Iterator[dict[Connection, SpawnProcess]]:
    context = multiprocessing.get_context("spawn")
    resource_tracker.ensure_running()  # the first start would, and have Ctrl-C come through after
    processes: dict[Connection, SpawnProcess] = {}
    try:
        for task in tasks:
            ours, its = context.Pipe(duplex=False)
            process = context.Process(
                target=work, args=(store.url, store.datastore.lock_timeout, task, its), daemon=True
            )
            with its, _uninterrupted():
                process.start()
                processes[ours] = process
        yield processes
    finally:
        for connection, process in processes.items():
            _end(process)
            connection.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """No Ctrl-C comes between; what is started here never gets one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    process.close()


def work(url: str, lock_timeout: int, task: Task, maker: Connection) -> None:
    """What a process does: its task, telling its maker of it."""
    with suppress(BrokenPipeError), maker:
        try:
            _work(url, lock_timeout, task, maker)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 it is raised in the maker's process
            maker.send(Failed(type(error), str(error), vars(error)))
        else:
            maker.send(None)


def _work(url: str, lock_timeout: int, task: Task, maker: Connection) -> None:
    store = PostgresStore(url, lock_timeout=lock_timeout, pool_max=2, create=False)
    with gc_paused(), closing(store), store.explained(), store.connection() as connection:
        connection.execute(SQL["take_part"])
        maker.send(0)
        fold_parts(store, task, maker.send)
