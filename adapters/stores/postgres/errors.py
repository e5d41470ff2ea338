"""What PostgreSQL says, in words that tell what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolTimeout

from engine.ports.errors import (
    StoreError,
    StoreFailed,
    StoreRefused,
    StoreUnavailable,
    ZeroCharacter,
)

_ADVICE = {
    "40P01": "somebody else waited for the same things. Try again",
    "42501": "this user may not do that. Grant the right, or name another user in the URL",
    "53100": "the server's disk is full. Free some space and try again; nothing was half written",
    "53200": "the server is out of memory. Try again",
    "53300": "the server has no connection left. Raise max_connections, or run fewer workers",
    "55P03": "another program has held what is needed for too long. Try again",
    "25006": "the server is read-only. Name the primary, or end the recovery",
    "23505": "somebody else wrote to this workspace meanwhile. Try again",
    "28P01": "the password is wrong. Set PGPASSWORD or a password file",
    "28000": "this user is not let in. See pg_hba.conf",
    "3D000": "there is no such database. Create it with `createdb`, or name another in the URL",
}
_AT_THE_DOOR = {
    'role "': "28000",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "does not exist": "3D000",
}
"""Who is not let in hears no code, only words; in another language they tell for themselves."""
_ZERO = ("cannot contain NUL", 'encoding "UTF8": 0x00', "\\u0000 cannot be converted")
"""What the driver says, and the server, of a text with a zero character."""
_LOST = ("08", "57P")
"""Classes of conditions in which the server, or the way to it, went away."""


@contextmanager
def explained(store: str) -> Iterator[None]:
    """Turns the driver's and the library's errors into ``StoreError``."""
    try:
        yield
    except PoolTimeout as error:
        raise _no_connection(store) from error
    except (psycopg.Error, PersistenceError) as error:
        raise _explained(store, error) from error


def is_lost(error: psycopg.Error) -> bool:
    """Is it the connection that failed, so that nobody knows whether the last word arrived?"""
    state = error.sqlstate or ""
    if state:
        return state.startswith(_LOST) or state == "25P03"
    return isinstance(error, psycopg.OperationalError)


def _no_connection(store: str) -> StoreUnavailable:
    what = (
        "cannot be reached. Is the server running? If it is, all connections of this program are "
        "in use"
    )
    return StoreUnavailable(store=store, what=what)


def _explained(store: str, error: psycopg.Error | PersistenceError) -> StoreError:
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(cause, PoolTimeout):
        return _no_connection(store)
    if not isinstance(cause, psycopg.Error):
        return StoreFailed(store=store, said=_line(error))
    if isinstance(cause, psycopg.DataError) and any(each in str(cause) for each in _ZERO):
        return ZeroCharacter(what="What was given")
    advice = _ADVICE.get(cause.sqlstate or _condition(str(cause)))
    if advice is not None:
        return StoreRefused(store=store, advice=advice, said=_line(cause))
    if is_lost(cause):
        what = "cannot be reached" if "connection failed" in str(cause) else "was lost on the way"
        told = f"{what} ({_line(cause)}). Is the server running? Ask again"
        return StoreUnavailable(store=store, what=told)
    return StoreFailed(store=store, said=_line(cause))


def _condition(said: str) -> str:
    """The condition behind the words of a server that let nobody in."""
    if "FATAL:" not in said:
        return ""
    return next((code for sign, code in _AT_THE_DOOR.items() if sign in said), "")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
