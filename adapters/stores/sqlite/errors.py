"""What SQLite says, in words that tell what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import PersistenceError

from engine.ports.errors import StoreFailed, StoreRefused

_ADVICE = {
    "locked": "another program is writing to it. Try again, or stop that program",
    "readonly": "it is read-only. Check the permissions of the file and its folder",
    "full": "the disk is full. Free some space and try again; nothing was half written",
    "unable to open": "it cannot be opened. Check that its folder exists and may be written",
    "not a database": "it is no SQLite database. Name another file",
    "malformed": "it is damaged. Restore it from a backup",
    "constraint": "somebody else wrote to this workspace meanwhile. Try again",
}


@contextmanager
def explained(store: str) -> Iterator[None]:
    """Turns the driver's and the library's errors into ``StoreError``."""
    try:
        yield
    except (sqlite3.Error, PersistenceError) as error:
        said = str(error)
        for sign, advice in _ADVICE.items():
            if sign in said.lower():
                raise StoreRefused(store=store, advice=advice, said=said) from error
        raise StoreFailed(store=store, said=said) from error
