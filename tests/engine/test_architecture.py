"""Imports point inwards, the world stays outside, and our rooms' names are ours alone."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = {
    "events": {"events"},
    "aggregates": {"events", "aggregates"},
    "processors": {"events", "aggregates", "processors"},
    "projections": {"events", "projections"},
}
MAY_IMPORT = {**PURE, "engine": {*PURE, "engine"}}
OURS = {*MAY_IMPORT, "adapters", "replay"}
WORLD = {
    *("psycopg", "kafka", "imapclient", "smtplib", "imaplib", "apscheduler", "sqlite3", "typer"),
    *("time", "random", "socket", "os", "threading", "asyncio", "subprocess", "pathlib", "uuid"),
}


def imported(file: Path) -> Iterator[str]:
    """The top-level packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case (
                ast.ImportFrom()
                | ast.Call(func=ast.Name(id="__import__" | "open" | "eval" | "exec" | "input"))
            ):
                yield f"line {node.lineno} of {file.name}"


def imports_of(room: str) -> set[str]:
    files = [*(ROOT / room).rglob("*.py")]
    assert files
    return {name for file in files for name in imported(file)}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_inwards(room: str) -> None:
    assert imports_of(room) & OURS <= MAY_IMPORT[room]


@pytest.mark.parametrize("room", PURE)
def test_the_world_stays_out_of_the_pure_rooms(room: str) -> None:
    found = imports_of(room)

    assert not found & WORLD
    assert not {name for name in found if name.startswith("line ")}


@pytest.mark.parametrize("product", ["psycopg", "kafka", "imapclient", "apscheduler", "sqlite3"])
def test_the_engine_knows_no_product(product: str) -> None:
    assert product not in imports_of("engine")
    assert {"eventsourcing", "pydantic_settings"} <= imports_of("engine")


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    brought = packages_distributions()

    assert {name: {*brought.get(name, [])} - {"sendledger"} for name in OURS} == {
        name: set() for name in OURS
    }
