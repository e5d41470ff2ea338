"""Imports point inwards, folder by folder; the world stays outside; our rooms' names are ours."""

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("events", "aggregates", "processors", "projections", "engine", "adapters")
PURE = ("events", "aggregates", "processors", "projections")
CORE = (*PURE, "engine", "engine.ports")
WORK = ("engine.work", "engine.work.classifying", "engine.work.mailing", "engine.work.webhooks")
ENGINE = (
    *(*CORE, "engine.planning", "engine.answers", "engine.answers.telling", "engine.audit"),
    "engine.stream",
    "engine.proof",
    *WORK,
)
DOOR = (
    *ENGINE,
    "adapters.settings",
    "adapters.composition",
    "adapters.proof",
    "adapters.screen",
    "adapters.yaml_files",
)

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "events": (),
    "aggregates": ("events",),
    "aggregates.campaign": ("events", "aggregates"),
    "aggregates.email_account": ("events", "aggregates"),
    "processors": ("events", "aggregates", "aggregates.campaign", "aggregates.email_account"),
    "projections": ("events",),
    "engine": (*PURE, "engine.ports"),
    "engine.ports": PURE,
    "engine.planning": CORE,
    "engine.stream": CORE,
    "engine.proof": ("events", "engine.ports"),
    "engine.answers": (*CORE, "engine.planning", "engine.stream"),
    "engine.answers.telling": (*CORE, "engine.answers", "engine.proof"),
    "engine.audit": (*(*CORE, "engine.answers", "engine.answers.telling", "engine.proof", *WORK),),
    "engine.work": (
        *(*CORE, "engine.planning", "engine.answers", "engine.answers.telling", "engine.stream"),
        "engine.work.classifying",
    ),
    "engine.work.classifying": ("events",),
    "engine.work.webhooks": (*CORE, "engine.answers", "engine.stream", "engine.work"),
    "engine.work.mailing": (*CORE, "engine.planning", "engine.work"),
    "adapters": ("everything",),
    "adapters.composition": ("everything",),
    "adapters.durable_files": (),
    "adapters.settings": (*PURE, "engine.work"),
    "adapters.stores": (
        *(*CORE, "engine.stream", *WORK),
        *("adapters.durable_files", "adapters.settings", "adapters.stores.everything"),
    ),
    "adapters.stores.memory": (*CORE, *WORK, "adapters.stores"),
    "adapters.stores.small_tables": (
        *(*CORE, "engine.stream", "engine.proof", *WORK),
        "adapters.stores",
    ),
    "adapters.stores.sqlite": (
        *(*CORE, "engine.stream", *WORK, "adapters.stores"),
        "adapters.stores.small_tables",
    ),
    "adapters.stores.postgres": (
        *(*CORE, "engine.stream", *WORK, "adapters.stores"),
        "adapters.stores.small_tables",
    ),
    "adapters.stores.postgres.rebuild": (*CORE, "adapters.stores", "adapters.stores.postgres"),
    "adapters.mail": (
        *(*CORE, "engine.answers", "engine.answers.telling", *WORK),
        *("adapters.durable_files", "adapters.mail.composing"),
    ),
    "adapters.mail.composing": ("events", "engine.answers.telling", "engine.work"),
    "adapters.mail.inbound": ("engine.work",),
    "adapters.mail.oauth": (*CORE, *WORK, "adapters.mail"),
    "adapters.mail.wire": (*CORE, *WORK, "adapters.mail"),
    "adapters.mail.sandbox": ("adapters.screen",),
    "adapters.kafka": (*CORE, "engine.stream", *WORK, "adapters.kafka.consumer"),
    "adapters.kafka.consumer": (),
    "adapters.projecting": (
        *(*CORE, "engine.stream"),
        *("adapters.kafka.consumer", "adapters.stores.postgres"),
    ),
    "adapters.archiving": ("adapters.durable_files", "adapters.kafka.consumer"),
    "adapters.webhooks": ("engine.work.webhooks", "adapters.mail"),
    "adapters.vault": (*CORE, "engine.work", "adapters.durable_files"),
    "adapters.proof": ("events", "engine.proof", "adapters.durable_files"),
    "adapters.csv": (*CORE, "engine.answers.telling", "engine.work"),
    "adapters.observing": (*CORE, "engine.answers", "engine.stream", "adapters.settings"),
    "adapters.yaml_files": ("events", "aggregates"),
    "adapters.screen": (*ENGINE, "adapters.settings"),
    "adapters.http": (*DOOR, "adapters.http.everything"),
    "adapters.http.commands": (*DOOR, "adapters.http", "adapters.http.reading"),
    "adapters.http.api": (
        *(*DOOR, "adapters.http", "adapters.http.commands", "adapters.http.reading"),
    ),
    "adapters.http.console": (
        *(*DOOR, "adapters.http", "adapters.http.reading", "adapters.http.api"),
        "adapters.http.commands",
    ),
    "adapters.http.reading": (*DOOR, "adapters.http", "adapters.csv", "adapters.stores"),
    "adapters.worker": DOOR,
    "adapters.cli": DOOR,
    "adapters.cli.auditing": (*DOOR, "adapters.cli"),
    "adapters.mcp": (
        *DOOR,
        "adapters.cli",
        "adapters.http",
        "adapters.http.commands",
        "adapters.http.reading",
    ),
    "adapters.scenario": DOOR,
    "adapters.demo": (*DOOR, "adapters.mail.sandbox"),
}
"""Folder, or module that stands for itself, to what it may import besides itself."""

OUTSIDE = {
    *("psycopg", "kafka", "imapclient", "smtplib", "imaplib", "apscheduler", "sqlite3", "typer"),
    *("rich", "random", "socket", "os", "asyncio", "subprocess", "pathlib", "uuid", "sys"),
}
"""The world: out of the pure rooms and of the engine."""
CLOCKS = {"time", "threading"}
"""Out of the pure rooms, too."""


def imported(file: Path) -> Iterator[str]:
    """What a module imports, wherever in it; and where it reads or writes by itself."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{name.name}" for name in names)
            case (
                ast.ImportFrom()
                | ast.Call(
                    func=ast.Name(
                        id="__import__" | "open" | "eval" | "exec" | "input" | "print" | "exit"
                    )
                )
            ):
                yield f"line {node.lineno} of {file.name}"


def unit_of(name: str) -> str:
    """The folder, or the module with a rule of its own, in which a dotted name stands."""
    if name in MAY_IMPORT:
        return name
    path = ROOT.joinpath(*name.split("."))
    if path.is_dir():
        return name
    return unit_of(name.rpartition(".")[0])


def files_of(unit: str) -> list[Path]:
    path = ROOT.joinpath(*unit.split("."))
    if not path.is_dir():
        return [path.with_suffix(".py")]
    own = (f"{unit}.{each.stem}" for each in path.glob("*.py"))
    return [path / f"{name.rpartition('.')[2]}.py" for name in own if name not in MAY_IMPORT]


def folders() -> set[str]:
    inits = (each for room in ROOMS for each in (ROOT / room).rglob("__init__.py"))
    return {".".join(each.parent.relative_to(ROOT).parts) for each in inits}


def foreign(unit: str) -> set[str]:
    """Our units that this one imports and must not."""
    allowed = {unit, *MAY_IMPORT[unit]}
    if "everything" in allowed:
        return set()
    parents = tuple(each.removesuffix("everything") for each in allowed if "everything" in each)
    names = {name for file in files_of(unit) for name in imported(file)}
    units = {unit_of(name) for name in names if name.partition(".")[0] in ROOMS}
    expanded = {*allowed, *(f"aggregates.{each}" for each in ("campaign", "email_account"))}
    if "aggregates" not in allowed:
        expanded = allowed
    return {each for each in units - expanded if not (parents and each.startswith(parents))}


def test_every_folder_has_a_rule() -> None:
    assert folders() == {each for each in MAY_IMPORT if ROOT.joinpath(*each.split(".")).is_dir()}


@pytest.mark.parametrize("unit", MAY_IMPORT)
def test_imports_point_inwards(unit: str) -> None:
    assert files_of(unit)
    assert foreign(unit) == set()


@pytest.mark.parametrize("unit", [each for each in MAY_IMPORT if not each.startswith("adapters")])
def test_the_world_stays_out_of_the_engine_and_the_pure_rooms(unit: str) -> None:
    found = {name for file in files_of(unit) for name in imported(file)}
    outside = OUTSIDE if unit.startswith("engine") else OUTSIDE | CLOCKS

    assert not {name.partition(".")[0] for name in found} & outside
    assert not {name for name in found if name.startswith("line ")}


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    brought = packages_distributions()
    ours = (*ROOMS, "replay")

    assert {name: {*brought.get(name, [])} - {"sendledger"} for name in ours} == {
        name: set() for name in ours
    }
