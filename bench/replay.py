"""The auditor's tools on a store of 1,000,000 events."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from adapters.cli.auditing.check import check
from adapters.cli.auditing.reading import open_source
from adapters.cli.auditing.state import state_at
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.rebuilding import rebuild
from bench.ours import CAMPAIGN, WORKSPACE, recipient
from engine.audit.by_stream import Asked
from engine.audit.moments import Moment
from projections.shipped import SHIPPED


def rebuilt(path: Path) -> Callable[[], None]:
    """All views from zero, and in the place of the old ones."""

    def build() -> None:
        with closing(SQLiteStore(path)) as store:
            assert rebuild(store, SHIPPED) == store.last_position()

    return build


def state_of_one(path: Path, number: int) -> Callable[[], None]:
    """Open the store and tell one recipient's state at the log's end."""
    asked = Asked(WORKSPACE, CAMPAIGN, recipient(number))

    def tell() -> None:
        with open_source(path) as source:
            (found,) = state_at(source, Moment(position=source.end), asked).recipients
            assert found.recipient_id == asked.recipient

    return tell


def checked(path: Path) -> Callable[[], None]:
    """Hold the whole history to every rule it can show."""

    def hold() -> None:
        with open_source(path) as source:
            assert not check(source, lambda _violation: None).by_rule

    return hold
