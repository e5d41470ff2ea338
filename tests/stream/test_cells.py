"""Stores that share nothing but a broker: a topic each, and one group that consumes both."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.kafka.consumer.again import start_over
from adapters.kafka.consumer.inbox import inbox_at
from adapters.kafka.consumer.keeping import undo
from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.test_consumer import consume, into, numbers, rows
from tests.stream.test_relay import relay_all

__all__ = ["into"]
Cells = Mapping[str, Ledger]
"""By topic."""


@pytest.fixture
def cells(broker: NamedBroker, topic: str, tmp_path: Path) -> Iterator[Cells]:
    """Two stores with the same workspaces, commands and entries; the second has a few more."""
    with ExitStack() as stack:
        found = {
            f"{topic}.{name}": stack.enter_context(Ledger(str(tmp_path / name)))
            for name in ("one", "two")
        }
        for name, ledger in found.items():
            ledger.grow_everywhere(10)
            if name.endswith("two"):
                ledger.grow(1)
            relay_all(ledger, broker, name)
        yield found


def whole(cells: Cells) -> list[tuple[str, int]]:
    return sorted((each.source, entry) for each in cells.values() for entry in numbers(each))


def kept(into: str) -> list[tuple[str, int]]:
    return sorted(rows(into, what="source, entry"))


def pattern(cells: Cells) -> str:
    """What both topics match, and none of their refusals."""
    return rf"^{re.escape(min(cells).removesuffix('.one'))}\.[a-z]+$"


def test_equal_workspaces_commands_and_entries_of_two_stores_are_two(
    broker: NamedBroker, cells: Cells, into: str
) -> None:
    consume(broker, into, pattern(cells), lambda: len(kept(into)) >= len(whole(cells)))

    assert kept(into) == whole(cells)
    one, two = (
        {each.envelope[:3] for each in ledger.entries() if each.envelope.actor == "user:test"}
        for ledger in cells.values()
    )
    assert one < two
    told = rows(into, what="source, workspace, command_id, value")
    for ledger in cells.values():
        own = {(row[1], row[2], row[3]) for row in told if row[0] == ledger.source}
        assert own == {
            (each.envelope.workspace, each.envelope.command_id, each.row[4].decode())
            for each in ledger.entries()
            if each.row
        }


def test_one_store_starts_over_and_the_other_stays_as_it_is(
    broker: NamedBroker, cells: Cells, into: str
) -> None:
    consume(broker, into, pattern(cells), lambda: kept(into) == whole(cells))
    (name, one), (_, two) = cells.items()

    inbox = inbox_at(into, "rows")
    try:
        assert len(start_over(broker.address, inbox, [name], undo)) == 12
        assert {source for source, _ in kept(into)} == {two.source}
        one.grow(5)
        relay_all(one, broker, name)
        consume(broker, into, pattern(cells), lambda: kept(into) == whole(cells))
        assert len(start_over(broker.address, inbox, [pattern(cells)], undo)) == 24
        assert kept(into) == []
    finally:
        inbox.close()
