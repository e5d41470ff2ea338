"""Turns a record of the stream back into its entry: the inverse of ``Teller``.

Anybody with the password can write to a topic, so a record is trusted only if its entry would be
published as exactly the same record.
"""

import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple, NoReturn

from engine.ports.errors import StoreError
from engine.ports.log import Entry, Row, StoreIdentity
from engine.stream.cloud_events import DIGITS, WITHOUT_EVENTS, CloudEvent, Teller
from engine.stream.headers import COMMON, MOMENT, NUMBER, OF_EVENTS
from events.catalogue import CATALOGUE, CorruptEvent
from events.recorded import Envelope

NOT_TOLD = (
    "The sentence of this refusal is not known any more: the stream, from which the store was "
    "recovered, tells its code alone."
)
LARGEST = 2**63 - 1
OF_ENVELOPE = (
    *("ce_place", "ce_rejection", "ce_commandid", "ce_command", "ce_partitionkey"),
    *("ce_recordedtime", "ce_actor", "ce_correlationid", "ce_causationid"),
)
LONGEST = 60
"""The most characters that are quoted from a record."""


class UnreadableRecord(StoreError):
    """A record that none of our stores can have published. ``part``: the header, the key or the
    value."""

    sentence = (
        "Entry {entry} of the stream cannot be read: {part} {problem}. Nothing of it was taken; "
        "find out who wrote it."
    )


class Told(NamedTuple):
    """The entry in a record, and the store and generation that published it."""

    store: StoreIdentity
    entry: Entry


class Reader:
    """Reads the records of a stream. They do not contain the sentences of refusals: see
    ``NOT_TOLD``."""

    def __init__(self) -> None:
        self._teller = Teller(StoreIdentity("", 0))
        self._store = StoreIdentity("", 0)
        self._envelope: tuple[list[bytes | None], Envelope] | None = None
        """The last envelope, and the headers from which it was read."""

    def read(self, record: CloudEvent) -> Told:
        """Read a record. Raises ``UnreadableRecord``, and ``UnknownTopic`` for an event of a newer
        program."""
        headers = _Headers(record)
        store = _store(headers)
        envelope = self._shared(headers)
        row = None if headers.text("ce_type") == WITHOUT_EVENTS else _row(headers, record.value)
        told = Told(store, Entry(headers.number("ce_entry"), envelope, row))
        _require_place(headers, told.entry)
        self._require_the_same(headers, told)
        return told

    def _shared(self, headers: "_Headers") -> Envelope:
        """The envelope; events of one command share the same object."""
        told = [headers.raw.get(name) for name in OF_ENVELOPE]
        if self._envelope is None or self._envelope[0] != told:
            self._envelope = told, _envelope(headers)
        return self._envelope[1]

    def _require_the_same(self, headers: "_Headers", told: Told) -> None:
        if told.store != self._store:
            self._store, self._teller = told.store, Teller(told.store)
        try:
            again = self._teller.record(told.entry)
        except CorruptEvent as error:
            headers.refuse("the value", str(error.about["problem"]))
        expected = dict(again.headers)
        if headers.raw != expected:
            for name in (*COMMON, *OF_EVENTS):
                if headers.raw.get(name) != expected.get(name):
                    headers.refuse(name, f"is {headers.quoted(name)} and does not fit the rest")
        if headers.record.key != again.key:
            headers.refuse("the key", "is not the workspace")
        if headers.record.value != again.value:
            headers.refuse("the value", "is not what its headers say")


class _Headers:
    """The headers of one record, each at most once; the values read from them have the required
    form."""

    def __init__(self, record: CloudEvent) -> None:
        self.record = record
        self.raw: dict[str, bytes] = {}
        for name, text in record.headers:
            if name in self.raw:
                self.refuse(name, "is there twice")
            self.raw[name] = text

    def text(self, name: str) -> str:
        found = self.optional(name)
        return self.refuse(name, "is missing") if found is None else found

    def optional(self, name: str) -> str | None:
        if name not in self.raw:
            return None
        try:
            return self.raw[name].decode() or self.refuse(name, "is empty")
        except UnicodeDecodeError:
            self.refuse(name, "is not in UTF-8")

    def matched(self, name: str, pattern: str) -> re.Match[str]:
        found = _compiled(pattern).fullmatch(self.text(name))
        return found or self.refuse(name, f"is {self.quoted(name)}, which is not of its form")

    def number(self, name: str) -> int:
        return self.bounded(name, self.matched(name, NUMBER)[0])

    def bounded(self, name: str, digits: str) -> int:
        if len(digits) <= DIGITS and (number := int(digits)) <= LARGEST:
            return number
        return self.refuse(name, "is too large a number")

    def moment(self, name: str) -> datetime:
        told = self.matched(name, MOMENT)[0]
        try:
            return datetime.fromisoformat(told).astimezone(UTC)
        except (ValueError, OverflowError):
            self.refuse(name, f"is {self.quoted(name)}, which is no time")

    def quoted(self, name: str) -> str:
        found = self.raw.get(name)
        return "missing" if found is None else repr(found.decode(errors="replace")[:LONGEST])

    def refuse(self, part: str, problem: str) -> NoReturn:
        entry = self.raw.get("ce_entry", b"")
        number = int(entry) if re.fullmatch(rb"[0-9]{1,20}", entry) else "of no number"
        named = part if part.startswith("the ") else f"header {part}"
        raise UnreadableRecord(entry=number, part=named, problem=problem)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.strip("^$"), re.ASCII)


def _store(headers: _Headers) -> StoreIdentity:
    store_id, generation = headers.matched("ce_id", r"([^.:]+)\.(\d+):(?:entry:)?\d+").groups()
    return StoreIdentity(store_id, headers.bounded("ce_id", generation))


def _envelope(headers: _Headers) -> Envelope:
    first, count = headers.matched("ce_place", r"(\d+)/(\d+)").groups()
    code = headers.optional("ce_rejection") and headers.matched("ce_rejection", "[a-z_]+")[0]
    return Envelope(
        command_id=headers.text("ce_commandid"),
        command=headers.matched("ce_command", "[A-Za-z]+")[0],
        workspace=headers.text("ce_partitionkey"),
        recorded_at=headers.moment("ce_recordedtime"),
        actor=headers.text("ce_actor"),
        correlation_id=headers.text("ce_correlationid"),
        causation_id=headers.optional("ce_causationid"),
        first_position=headers.bounded("ce_place", first),
        event_count=headers.bounded("ce_place", count),
        rejection=None if not code else json.dumps({"code": code, "message": NOT_TOLD}),
    )


def _row(headers: _Headers, state: bytes) -> Row:
    name, version = headers.matched("ce_type", r"sendledger\.([A-Za-z]+)\.v(\d+)").groups()
    topic = name if version == "1" else f"{name}/{version}"
    try:
        CATALOGUE.decode(topic, state, f"entry {headers.number('ce_entry')} of the stream")
    except CorruptEvent as error:
        headers.refuse("the value", f"is no {name}: {error.about['problem']}")
    told = headers.matched("ce_streamversion", r"\d+")[0]
    stream_version = headers.bounded("ce_streamversion", told)
    return headers.number("ce_sequence"), headers.text("ce_subject"), stream_version, topic, state


def _require_place(headers: _Headers, entry: Entry) -> None:
    """Check the entry's place as far as one record allows. Whether it continues the stream is for
    the caller to check, who knows the record before it."""
    envelope, row = entry.envelope, entry.row
    count, position = envelope.event_count, envelope.first_position if row is None else row[0]
    if envelope.first_position < 1 or entry.number < position - 1:
        headers.refuse("ce_place", f"is {headers.quoted('ce_place')} in entry {entry.number}")
    if row is None and count:
        headers.refuse("ce_place", "counts events where there are none")
    if row is not None:
        if not envelope.first_position <= row[0] <= envelope.last_position:
            headers.refuse("ce_sequence", f"is outside of ce_place {headers.quoted('ce_place')}")
        if not row[1].startswith(f"{envelope.workspace}:") or row[2] < 1:
            headers.refuse("ce_subject", "is no stream of the workspace")
