"""README and docs say what the program does: their commands run, their lists are complete."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.models import CommandInfo

from adapters.program import PLACES
from adapters.scenario.commands import commands_of
from adapters.scenario.reader import parse_scenario, read_scenario
from adapters.scenario.report import report
from adapters.scenario.runner import run_scenario
from adapters.scenario.steps import STEPS
from adapters.settings.model import EngineSettings
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from aggregates.rejections import Rejected
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.work.classifying.outcome import Answer
from engine.work.classifying.table import FILES
from events.base import Event
from events.catalogue import CATALOGUE
from events.vocabulary import FailureClass
from processors.reactions import REACTIONS
from projections.shipped import SHIPPED
from tests.duck import asked

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)\s]*\)")
PROGRAMS = {
    "sendledger": "from adapters.program import main; main()",
    "sendledger-replay": "from replay import main; main()",
}
NOT_RUN = {"serve", "demo", "sandbox"}
SAID_ELSEWHERE = {"occurred_at", "account_id", "campaign_id", "recipient_id", "slot_id"}
"""Fields that a whole table of events has in common."""


class Block(NamedTuple):
    page: str
    language: str
    text: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for language, text in FENCED.findall(page.read_text(encoding="utf-8")):
            yield Block(page.name, language, text)


def commands() -> Iterator[str]:
    for block in blocks():
        lines = block.text.splitlines() if block.language == "console" else []
        for line in lines:
            words = shlex.split(line)
            if line.startswith("$ ") and words[1] in PROGRAMS and words[2] not in NOT_RUN:
                yield line.removeprefix("$ ")


def scenarios() -> Iterator[Block]:
    for block in blocks():
        if block.language == "yaml" and block.text.startswith("start:"):
            yield block


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows_about(name: str, text: str) -> list[str]:
    """Table rows whose first or second cell names it."""
    row = re.compile(rf"^\|(?: \d+ \|)? [^|]*(?:`{name}`|\[{name}\])[^|]*\|.*$", re.MULTILINE)
    return row.findall(text)


def refusals(cls: type[Rejected] = Rejected) -> Iterator[type[Rejected]]:
    """The refusals that are really answered: the leaves of the tree."""
    for each in cls.__subclasses__():
        yield from refusals(each) if each.__subclasses__() else [each]


def own_commands() -> Iterator[tuple[str, ...]]:
    """Every command of ``sendledger``, as it is typed: its groups, and its name."""
    yield from ((name,) for name, place in PLACES.items() if not place.about)
    groups = {name: place.path for name, place in PLACES.items() if place.about}
    for path, place in {**groups, "campaigns senders": "adapters.cli.senders:app"}.items():
        module, _, _ = place.partition(":")
        for command in import_module(module).app.registered_commands:
            yield (*path.split(), name_of(command))


def name_of(command: CommandInfo) -> str:
    return command.name or getattr(command.callback, "__name__", "").replace("_", "-")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder as the pages assume it: the examples, and a store with a campaign."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "examples", folder / "examples")
    scenario = read_scenario(folder / "examples" / "scenarios" / "clocks.yaml")
    clock = ManualClock(scenario.start)
    with closing(SQLiteStore(folder / "sendledger.db", clock)) as store:
        engine = Engine(store, scenario.policy)
        for step in scenario.steps:
            clock.time = step.at
            told = commands_of(step, engine, "main") if step.name != "engine_down" else ()
            for number, (command, actor) in enumerate(told):
                command_id = f"step-{step.number}.{number}"
                if engine.execute("main", command, command_id=command_id, actor=actor).refusal:
                    break
        ProjectionRunner(store, SQLiteViews(store), SHIPPED).catch_up()
    return folder


@pytest.mark.parametrize("command", sorted({*commands()}))
def test_a_command_of_the_pages_runs(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[program], *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_query_of_the_auditors_page_runs(folder: Path) -> None:
    page, language = "auditing.md", "sql"
    (query,) = (each.text for each in blocks() if each[:2] == (page, language))
    export = ["export", "--format", "parquet", "--out", "audit.parquet", "--force"]
    program = [sys.executable, "-c", PROGRAMS["sendledger-replay"], *export]
    subprocess.run(program, cwd=folder, capture_output=True, timeout=60, check=True)
    found = asked(query, folder)
    assert [(campaign, stopped) for campaign, _, stopped, _ in found] == [
        ("spring", 2),
        ("spring", 1),
    ]


def test_the_pages_show_commands_and_scenarios() -> None:
    assert len({*commands()}) > 5
    assert len([*scenarios()]) > 1


@pytest.mark.parametrize("block", [*scenarios()], ids=lambda block: block.page)
def test_a_scenario_of_the_pages_runs_and_refuses_what_it_says(block: Block) -> None:
    ending = report(run_scenario(parse_scenario(block.text, block.page)))
    said = re.findall(r"# refused: (\w+)", block.text)
    assert [each["reason"] for each in ending["refused"]] == said


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = {(DOCS / target).resolve() for target in LINK.findall(page("README.md"))}
    assert {path for path in DOCS.rglob("*.md") if path.name != "README.md"} - index == set()


@pytest.mark.parametrize("refusal", [*refusals()], ids=lambda refusal: refusal.code)
def test_every_reason_of_refusal_is_listed(refusal: type[Rejected]) -> None:
    assert len(rows_about(refusal.code, page("scenarios.md"))) == 1


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_a_scenario_is_listed(step: str) -> None:
    assert rows_about(step, page("scenarios.md"))


@pytest.mark.parametrize("event", CATALOGUE.classes.values(), ids=lambda event: event.__name__)
def test_every_event_is_listed_with_its_fields(event: type[Event]) -> None:
    (row,) = rows_about(event.__name__, page("events-and-envelopes.md"))
    said = {*re.findall(r"`(\w+)`", row)}
    assert {field.name for field in fields(event)} - SAID_ELSEWHERE - said == set()


@pytest.mark.parametrize("words", [*own_commands()], ids=" ".join)
def test_every_command_is_listed(words: tuple[str, ...]) -> None:
    """In a row that names it whole, or after another command of its group."""
    *path, name = words
    _, _, table = page("running.md").partition("| Command | Shows or does |\n")
    cells = re.findall(r"^\| ([^|]+) \|", table.partition("\n\n")[0], re.MULTILINE)
    group = " ".join(path)
    of_the_group = [cell for cell in cells if cell.startswith(f"`{group}")]
    named = re.compile(rf"`(?:{group} )?{name}\b")
    assert len([cell for cell in of_the_group if named.search(cell)]) == 1


@pytest.mark.parametrize("setting", EngineSettings.model_fields)
def test_every_setting_is_listed(setting: str) -> None:
    assert len(rows_about(setting, page("running.md"))) == 1


@pytest.mark.parametrize(
    "name", sorted({reaction.name for answers in REACTIONS.values() for reaction in answers})
)
def test_every_process_manager_is_listed_with_what_it_watches(name: str) -> None:
    (row,) = rows_about(name, page("processes.md"))
    watched = {
        event.__name__
        for event, answers in REACTIONS.items()
        if name in [reaction.name for reaction in answers]
    }
    assert watched <= {*re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("outcome", [*FailureClass, *Answer])
def test_every_class_of_an_answer_is_listed(outcome: FailureClass | Answer) -> None:
    assert len(rows_about(outcome, page("classifier.md"))) == 1


def test_every_file_of_rows_is_named() -> None:
    named = re.findall(r"rows/(\w+)\.toml\)", page("classifier.md"))

    assert named == [*FILES]


def test_the_example_of_the_classifier_is_what_comes_out(folder: Path) -> None:
    command = ["mail", "classify", "examples/answers.jsonl"]
    program = [sys.executable, "-c", PROGRAMS["sendledger"], *command]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=True)

    assert f"```text\n{done.stdout}```" in page("classifier.md")


@pytest.mark.parametrize("name", [projection.name for projection in SHIPPED])
def test_every_projection_is_listed(name: str) -> None:
    assert len(rows_about(name, page("projections.md"))) == 1


def test_the_glossary_is_in_order() -> None:
    terms = re.findall(r"^\| ([^|]+?) \|", page("glossary.md"), re.MULTILINE)[1:]
    assert terms == sorted(terms, key=str.casefold)
