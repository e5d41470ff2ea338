"""Reads a scenario file, or refuses it whole with file, line and what was expected."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError

from adapters.scenario.steps import SENDING, STEPS, Arguments, CreateCampaign
from adapters.scenario.times import later, parse_moment, parse_positive_duration
from aggregates.command import Policy
from events.vocabulary import Mode, OnAccountTrouble, read_instant

MAX_BYTES = 50_000_000
MAX_DEPTH = 20
NULL = "tag:yaml.org,2002:null"
T = TypeVar("T")


class UnreadableScenario(Exception):
    """The scenario cannot be read; nothing was run."""

    def __init__(self, source: str, line: int, expected: str) -> None:
        super().__init__(f"{source}:{line}: {expected}")
        self.source, self.line, self.expected = source, line, expected


class Step(NamedTuple):
    number: int
    at: datetime
    name: str
    arguments: Arguments
    until: datetime | None = None
    """The moment an ``auto_reply`` names, or an ``engine_down`` or ``inbox_silent`` ends."""


class Scenario(NamedTuple):
    start: datetime
    policy: Policy
    steps: tuple[Step, ...]
    until: datetime
    sends: bool = False
    """``sending: auto``: the engine sends by itself, to a server that accepts everything."""


class _Node(NamedTuple):
    """A piece of the file, where it stands, and where its key does."""

    value: Any
    line: int
    key_line: int = 0


def read_scenario(path: Path) -> Scenario:
    """Raises ``UnreadableScenario``, also for a file that is not there."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableScenario(str(path), 1, f"expected at most {MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableScenario(str(path), 1, f"expected UTF-8 text: {error}") from error
    except OSError as error:
        raise UnreadableScenario(str(path), 1, f"expected a file: {error.strerror}") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str) -> Scenario:
    return _Reader(source).scenario(text)


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source

    def scenario(self, text: str) -> Scenario:
        top = self._mapping(self._parse(text), "a scenario: start, script, …")
        self._only(top, {"start", "policy", "script", "until", "sending"})
        self._sends = self._told(_sending, top.get("sending"), False)
        start = self._told(read_instant, self._required(top, "start", 1))
        policy = self._policy(top["policy"]) if "policy" in top else Policy()
        steps = self._steps(self._required(top, "script", 1), start)
        last = steps[-1].at if steps else start
        until = self._told(lambda text: parse_moment(text, start), top.get("until"), last)
        if until < last:
            raise self._error(top["until"].line, "expected `until` at or after the last step")
        self._check_downtimes(steps, until, top["script"])
        self._check_calendar(until, policy, top.get("policy", top["start"]).line)
        return Scenario(start, policy, steps, until, self._sends)

    def _parse(self, text: str) -> _Node:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error(line, f"expected YAML: {error.problem}") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._error(line, f"expected YAML: {error.reason}") from error
        except (yaml.YAMLError, RecursionError) as error:
            raise self._error(1, f"expected YAML: {error}") from error
        if root is None:
            raise self._error(1, "expected a scenario, found an empty file")
        self._budget = 10_000 + 10 * len(text)
        return self._plain(root, 0)

    def _plain(self, node: yaml.Node, depth: int, key_line: int = 0) -> _Node:
        """Scalars stay text: what they mean is the step's to say."""
        line = node.start_mark.line + 1
        self._budget -= 1
        if depth > MAX_DEPTH or self._budget < 0:
            raise self._error(line, "expected no nesting this deep, and no repetition this large")
        match node:
            case yaml.ScalarNode():
                return _Node(self._scalar(node, line), line, key_line)
            case yaml.SequenceNode():
                values = [self._plain(each, depth + 1) for each in node.value]
                return _Node(values, line, key_line)
            case yaml.MappingNode():
                return _Node(self._entries(node, depth + 1), line, key_line)
            case _:
                raise self._error(line, "expected a text, a list or a mapping")

    def _scalar(self, node: yaml.ScalarNode, line: int) -> str:
        text: str = node.value
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise self._error(line, "expected text, found half a character")
        return text

    def _entries(self, node: yaml.MappingNode, depth: int) -> dict[str, _Node]:
        """A key whose value is null is as good as absent."""
        entries: dict[str, _Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(line, "expected a name as key")
            name = self._scalar(key, line)
            if name in entries:
                raise self._error(line, f"expected {name!r} once, found it twice")
            if value.tag != NULL:
                entries[name] = self._plain(value, depth, line)
        return entries

    def _policy(self, node: _Node) -> Policy:
        given = self._mapping(node, "a mapping of policy values")
        self._only(given, {"grace_period", "resolution_window", "on_account_trouble"})
        default = Policy()
        return Policy(
            grace_period=self._told(
                parse_positive_duration, given.get("grace_period"), default.grace_period
            ),
            resolution_window=self._told(
                parse_positive_duration, given.get("resolution_window"), default.resolution_window
            ),
            on_account_trouble=self._told(
                _trouble, given.get("on_account_trouble"), default.on_account_trouble
            ),
        )

    def _steps(self, node: _Node, start: datetime) -> tuple[Step, ...]:
        if not isinstance(node.value, list):
            raise self._error(node.line, "expected `script` to be a list of steps")
        steps: list[Step] = []
        for number, each in enumerate(node.value, start=1):
            step = self._step(number, each, start)
            if steps and step.at < steps[-1].at:
                raise self._error(each.line, "expected `at` not to decrease")
            if step.at < start:
                raise self._error(each.line, "expected `at` not before start")
            steps.append(step)
        return tuple(steps)

    def _step(self, number: int, node: _Node, start: datetime) -> Step:
        entries = self._mapping(node, "a step: `at` and what happens")
        at = self._told(
            lambda text: parse_moment(text, start), self._required(entries, "at", node.line)
        )
        names = [name for name in entries if name != "at"]
        if len(names) != 1:
            raise self._error(node.line, "expected `at` and exactly one thing that happens")
        (name,) = names
        if name not in STEPS:
            known = ", ".join(STEPS)
            line = entries[name].key_line
            raise self._error(line, f"expected one of {known}, found {name!r}")
        arguments = self._arguments(name, entries[name])
        return Step(number, at, name, arguments, self._until(name, entries[name].value, at, start))

    def _arguments(self, name: str, node: _Node) -> Arguments:
        self._mapping(node, f"a mapping of what {name} needs")
        try:
            arguments = STEPS[name].model_validate(_bare(node))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            line = _line_of(node, first["loc"])
            found = "" if first["type"] == "missing" else f", found {first['input']!r}"
            raise self._error(line, f"{name}.{place}: {first['msg']}{found}") from error
        needs = name in SENDING or (isinstance(arguments, CreateCampaign) and arguments.sends)
        if needs and not self._sends:
            raise self._error(node.line, "expected `sending: auto` at the top for this step")
        if isinstance(arguments, CreateCampaign):
            self._check_mode(arguments, node.line)
        return arguments

    def _check_mode(self, given: CreateCampaign, line: int) -> None:
        if given.mode is Mode.SINGLE and (given.slot is None or given.senders):
            raise self._error(line, "expected `slot`, and no `from`, for a single-sender campaign")
        if given.mode is Mode.ROTATION and given.slot is not None:
            raise self._error(line, "expected `from`, and no `slot`, for a rotation campaign")

    def _until(
        self, name: str, told: dict[str, _Node], at: datetime, start: datetime
    ) -> datetime | None:
        if name == "auto_reply" and "until" in told:
            return self._told(lambda text: parse_moment(text, start), told["until"])
        if name in ("engine_down", "inbox_silent"):
            return self._told(lambda text: later(at, parse_positive_duration(text)), told["for"])
        return None

    def _check_calendar(self, until: datetime, policy: Policy, line: int) -> None:
        """Whatever the story starts must fall due before the calendar ends."""
        reminders = (*policy.failure_reminders, *policy.disconnect_reminders)
        furthest = max(policy.resolution_window, policy.grace_period, *reminders)
        try:
            later(until, furthest)
        except ValueError as error:
            raise self._error(line, str(error)) from error

    def _check_downtimes(self, steps: tuple[Step, ...], until: datetime, script: _Node) -> None:
        busy_until = None
        for step in steps:
            if step.name != "engine_down":
                continue
            line = script.value[step.number - 1].line
            assert step.until is not None
            if busy_until is not None and step.at < busy_until:
                raise self._error(line, "expected downtimes that do not overlap")
            if step.until > until:
                raise self._error(line, "expected the downtime to end by `until`")
            busy_until = step.until

    def _mapping(self, node: _Node, expected: str) -> dict[str, _Node]:
        if not isinstance(node.value, dict):
            raise self._error(node.line, f"expected {expected}")
        return node.value

    def _only(self, given: Mapping[str, _Node], known: set[str]) -> None:
        for name, node in given.items():
            if name not in known:
                expected = ", ".join(sorted(known))
                raise self._error(node.key_line, f"expected {expected}; found {name!r}")

    def _required(self, given: Mapping[str, _Node], name: str, line: int) -> _Node:
        if name not in given:
            raise self._error(line, f"expected `{name}`")
        return given[name]

    def _told(self, parse: Callable[[str], T], node: _Node | None, default: T | None = None) -> T:
        """What the text means, or the default where nothing is told."""
        if node is None and default is not None:
            return default
        assert node is not None
        if not isinstance(node.value, str):
            raise self._error(node.line, "expected a text")
        try:
            return parse(node.value)
        except ValueError as error:
            raise self._error(node.line, str(error)) from error

    def _error(self, line: int, expected: str) -> UnreadableScenario:
        return UnreadableScenario(self._source, line, expected)


def _sending(text: str) -> bool:
    if text != "auto":
        raise ValueError(f"expected auto, found {text!r}")
    return True


def _trouble(text: str) -> OnAccountTrouble:
    try:
        return OnAccountTrouble(text)
    except ValueError:
        known = " or ".join(OnAccountTrouble)
        raise ValueError(f"expected {known}, found {text!r}") from None


def _bare(node: _Node) -> Any:
    match node.value:
        case dict():
            return {key: _bare(each) for key, each in node.value.items()}
        case list():
            return [_bare(each) for each in node.value]
        case _:
            return node.value


def _line_of(node: _Node, place: tuple[int | str, ...]) -> int:
    for part in place:
        inner = node.value
        try:
            node = inner[part]
        except (KeyError, IndexError, TypeError):
            break
    return node.line
