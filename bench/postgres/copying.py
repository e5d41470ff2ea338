"""The floor: the driver's binary COPY, of rows that are ready, and of a whole log."""

from collections.abc import Callable, Iterator, Sequence
from struct import Struct

import psycopg

from engine.ports.log import Row

HEAD, TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
ROWS_AT_ONCE = 5_000
READ_AFTER = """SELECT notification_id, originator_id, originator_version, topic, state
FROM stored_events WHERE notification_id > %s ORDER BY notification_id"""
COPY_IN = """COPY floor (notification_id, originator_id, originator_version, topic, state)
FROM STDIN (FORMAT BINARY)"""
COPY_OUT = """COPY (
    SELECT notification_id, originator_id, originator_version, topic, state
    FROM stored_events ORDER BY notification_id
) TO STDOUT (FORMAT BINARY)"""
_FIELDS, _BIG = b"\x00\x05", Struct(">iq").pack
_SIZE = Struct(">i").pack


def copied_again(url: str, behind: int) -> Callable[[], None]:
    """The log's rows after that position, into a table like the log with all that is before."""
    connection = psycopg.connect(url)
    connection.execute("CREATE TABLE floor (LIKE stored_events INCLUDING ALL)")
    connection.execute(
        "INSERT INTO floor SELECT * FROM stored_events WHERE notification_id <= %s "
        "ORDER BY notification_id",
        (behind,),
    )
    rows = connection.execute(READ_AFTER, (behind,), binary=True).fetchall()
    blocks = [
        b"".join(map(_binary, rows[start : start + ROWS_AT_ONCE]))
        for start in range(0, len(rows), ROWS_AT_ONCE)
    ]
    connection.commit()

    def copy() -> None:
        with connection.cursor().copy(COPY_IN) as stream:
            for block in (HEAD, *blocks, TAIL):
                stream.write(block)
        connection.commit()
        connection.close()

    return copy


def copied_out(url: str) -> Iterator[Row]:
    """Every event of the log in order, as the driver hands it out."""
    with psycopg.connect(url) as connection, connection.cursor().copy(COPY_OUT) as copy:
        copy.set_types(["int8", "text", "int8", "text", "bytea"])
        yield from copy.rows()


def _binary(row: Sequence[object]) -> bytes:
    fields = [_FIELDS]
    for value in row:
        if isinstance(value, int):
            fields.append(_BIG(8, value))
        else:
            octets = value.encode() if isinstance(value, str) else value
            assert isinstance(octets, bytes)
            fields += [_SIZE(len(octets)), octets]
    return b"".join(fields)
