"""Several prepared statements in one message, with binary values: libpq's pipeline.

A cursor of the driver takes as long to make a message as the server to answer it. A statement is
prepared when a connection is first asked for it.
"""

import json
import select
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import Connection
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from adapters.stores.postgres.recorder import SQL

Value = bytes | None
Call = tuple[str, Sequence[Value]]
"""A statement's name, and its values as the server takes them in its binary form."""

BEGIN, COMMIT = ("begin", ()), ("commit", ())
ON_DISK = ("on_disk", ())
TEXT, BIGINT, BYTEA, TIME = 25, 20, 17, 1184
"""Types of arrays' members."""
BINARY = 1
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HEAD, _EMPTY = Struct(">iiiii"), Struct(">iii")
_INT, _BIGINT, _SIZED = Struct(">i"), Struct(">q"), Struct(">iq")
_NULL = _INT.pack(-1)
_json = json.JSONEncoder(separators=(",", ":")).encode
_prepared: WeakKeyDictionary[Connection[Any], set[str]] = WeakKeyDictionary()


def answered(connection: Connection[Any], *calls: Call) -> list[PGresult]:
    """The result of each, in order, when all are there.

    Raises the ``psycopg.Error`` of the first that failed; those after it were not carried out. Who
    is interrupted while waiting loses the connection.
    """
    idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
    try:
        return _answered(connection, calls)
    except psycopg.errors.InvalidSqlStatementName:  # the driver deallocates all after a rollback
        if not idle:
            raise
        connection.rollback()
        _prepared.pop(connection, None)
        return _answered(connection, calls)


def _answered(connection: Connection[Any], calls: Sequence[Call]) -> list[PGresult]:
    known = _prepared.setdefault(connection, set())
    new = [name for name, _ in calls if name not in known]
    try:
        results = _sent(connection.pgconn, new, calls)
    except BaseException:
        connection.close()
        raise
    known.update(name for name, each in zip(new, results, strict=False) if not _failed(each))
    for each in filter(_failed, results):
        raise psycopg.errors.error_from_result(each)
    return results[len(new) :]


def _failed(result: PGresult) -> bool:
    return result.status == ExecStatus.FATAL_ERROR


def _sent(pgconn: PGconn, new: Sequence[str], calls: Sequence[Call]) -> list[PGresult]:
    if not new and len(calls) == 1:
        _send(pgconn, *calls[0])
        return _received(pgconn)
    pgconn.enter_pipeline_mode()
    for name in new:
        pgconn.send_prepare(name.encode(), SQL[name].encode())
    for name, values in calls:
        _send(pgconn, name, values)
    pgconn.pipeline_sync()
    results = _received(pgconn, in_pipeline=True)
    pgconn.exit_pipeline_mode()
    return results


def _send(pgconn: PGconn, name: str, values: Sequence[Value]) -> None:
    formats = [BINARY] * len(values)
    pgconn.send_query_prepared(name.encode(), values, formats, result_format=BINARY)


def _received(pgconn: PGconn, *, in_pipeline: bool = False) -> list[PGresult]:
    ready = select.poll()
    _flush(pgconn, ready)
    ready.register(pgconn.socket, select.POLLIN)
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            ready.poll()
            pgconn.consume_input()
        found = pgconn.get_result()
        if found is None:
            if pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("the connection is lost")
            if not in_pipeline:
                return results
        elif found.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(found)


def _flush(pgconn: PGconn, ready: select.poll) -> None:
    """Takes in while it sends: neither side may wait for the other to read."""
    while pgconn.flush():
        ready.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        if any(event & ~select.POLLOUT for _, event in ready.poll()):
            pgconn.consume_input()


def moment(value: datetime | None) -> Value:
    return None if value is None else time_value(value)


def time_value(value: datetime) -> bytes:
    return bigint((value - EPOCH) // _MICROSECOND)


def moment_of(octets: bytes) -> datetime:
    return EPOCH + number_of(octets) * _MICROSECOND


def bigint(value: int) -> bytes:
    return _BIGINT.pack(value)


def number_of(octets: bytes) -> int:
    (number,) = _BIGINT.unpack(octets)
    return int(number)


def text(value: str | None) -> Value:
    return None if value is None else value.encode()


def flag(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def json_value(value: Any) -> bytes:
    """As ``jsonb`` is taken: its version, then the text."""
    return b"\1" + _json(value).encode()


def texts(values: Collection[str | None]) -> bytes:
    size = _INT.pack
    return _array(
        TEXT,
        [_NULL if each is None else size(len(octets := each.encode())) + octets for each in values],
        None in values,
    )


def octets_of(values: Iterable[bytes]) -> bytes:
    return _array(BYTEA, [_INT.pack(len(each)) + each for each in values])


def bigints(values: Iterable[int], kind: int = BIGINT) -> bytes:
    return _array(kind, [_SIZED.pack(_BIGINT.size, each) for each in values])


def moments(values: Iterable[datetime]) -> bytes:
    return bigints([(each - EPOCH) // _MICROSECOND for each in values], TIME)


def _array(kind: int, members: Collection[bytes], nulls: bool = False) -> bytes:
    if not members:
        return _EMPTY.pack(0, 0, kind)
    return _HEAD.pack(1, nulls, kind, len(members), 1) + b"".join(members)


def texts_of(octets: bytes) -> Iterator[str]:
    place = _HEAD.size
    while place < len(octets):
        (length,) = _INT.unpack_from(octets, place)
        place += _INT.size + length
        yield octets[place - length : place].decode()


def rows(result: PGresult) -> Iterator[list[Any]]:
    """The values of each row as the server sent them, None for NULL."""
    columns = range(result.nfields)
    for row in range(result.ntuples):
        yield [result.get_value(row, column) for column in columns]
