"""The commitment to an entry: it covers everything stored of the entry, and reveals nothing.

An entry of the tree is 32 octets: HMAC-SHA-256 over the record, keyed with the entry's own nonce.
Somebody who is shown records and nonces of one workspace can check them, and learns nothing about
another workspace.
"""

import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from engine.ports.log import Entry
from events.recorded import Envelope

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_RECORDED_AT = Envelope._fields.index("recorded_at")
_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def record(entry: Entry) -> bytes:
    """The entry's event as stored, and the digest of its envelope."""
    if entry.row is None:
        return b"sendledger/1 envelope\n" + digest(entry.envelope)
    position, stream, version, topic, state = entry.row
    its_stream, its_topic = stream.encode(), topic.encode()
    lengths = f"{len(its_stream)} {len(its_topic)} {len(state)}"
    head = f"sendledger/1 {position} {version} {lengths}\n".encode()
    return b"".join((head, its_stream, its_topic, state, digest(entry.envelope)))


@lru_cache(maxsize=1)
def digest(envelope: Envelope) -> bytes:
    """The digest of the envelope's columns as a compact JSON array, with times in microseconds
    since 1970.

    The last digest is cached: the events of one envelope come one after another.
    """
    columns: list[Any] = [*envelope]
    columns[_RECORDED_AT] = (envelope.recorded_at - EPOCH) // MICROSECOND
    try:
        told = to_json(columns)
    except PydanticSerializationError:  # half of a surrogate pair
        told = _json(columns).encode("utf-8", "surrogatepass")
    return sha256(told).digest()


def envelope_key(workspace_secret: bytes, envelope: Envelope) -> bytes:
    """The key for all entries of one envelope; it reveals nothing about others."""
    about = f"{envelope.workspace}:{envelope.command_id}".encode()
    return hmac.digest(workspace_secret, about, "sha256")


def nonce(key: bytes, number: int) -> bytes:
    return sha256(key + number.to_bytes(8, "big")).digest()


def commitment(key: bytes, entry: Entry) -> bytes:
    """The 32 octets in the tree."""
    return committed(nonce(key, entry.number), entry)


def committed(nonce_: bytes, entry: Entry) -> bytes:
    """The same, computed from the nonce alone."""
    return hmac.digest(nonce_, record(entry), "sha256")
