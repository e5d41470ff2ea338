"""A store of 1,000,000 events: 400,000 recipients of one campaign, half of whom were stopped."""

from collections.abc import Callable
from pathlib import Path

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from bench.ours import CAMPAIGN, WORKSPACE, on_file, recipient
from engine.answers.history import History, positions_in
from engine.answers.recipient_case import case_of
from engine.answers.telling.why import explained
from engine.answers.workspace_answers import Answers
from engine.decoding import decode_page
from engine.gc_pause import gc_paused
from engine.projecting import PAGE, ProjectionRunner
from projections.shipped import SHIPPED

RECIPIENTS, HEARD = 400_000, 200_000
"""One event each; three more for those who heard: reserved, accepted, stopped."""


def million(folder: Path) -> Path:
    """The store's file, its views caught up with the log."""
    ledger = on_file(folder)
    ledger.campaign(RECIPIENTS)
    ledger.hear(0, HEARD)
    ledger.fail()
    ledger.let_the_window_pass()
    ledger.engine.tick(WORKSPACE)
    ProjectionRunner(ledger.store, SQLiteViews(ledger.store), SHIPPED).catch_up()
    assert ledger.store.last_position() > RECIPIENTS + 3 * HEARD
    ledger.store.close()
    return ledger.store.path


def scan(path: Path) -> Callable[[], None]:
    """Read and decode the log, nothing else."""

    def read() -> None:
        store, position = SQLiteStore(path), 0
        with gc_paused():
            while page := list(decode_page(store.read(position, PAGE), position)):
                position = page[-1].position
        store.close()

    return read


def why(path: Path, number: int) -> Callable[[], None]:
    """Open the store, see that the views are in step, and tell one recipient's case."""

    def tell() -> None:
        store = SQLiteStore(path)
        views = SQLiteViews(store)
        ProjectionRunner(store, views, SHIPPED).catch_up()
        history = History(store, positions_in(views), WORKSPACE)
        answers = Answers(views, WORKSPACE)
        case = case_of(history, answers, CAMPAIGN, recipient(number), store.now())
        assert case is not None
        assert (case.stop is None) == (number >= HEARD)
        assert len(explained(case)) > 1
        store.close()

    return tell
