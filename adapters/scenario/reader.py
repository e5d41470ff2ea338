"""Reads a scenario file, or refuses all of it with file, line and what was expected."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from adapters.scenario.steps import SENDING, STEPS, Arguments, CreateCampaign
from adapters.scenario.times import later, parse_moment, parse_positive_duration
from adapters.yaml_files.reader import Node, UnreadableYaml, YamlReader
from aggregates.command import Policy
from events.vocabulary import Mode, OnAccountTrouble, read_instant

MAX_BYTES = 50_000_000


class UnreadableScenario(UnreadableYaml):
    """The scenario cannot be read; nothing was run."""


class Step(NamedTuple):
    number: int
    at: datetime
    name: str
    arguments: Arguments
    until: datetime | None = None
    """The moment that an ``auto_reply`` names, or when ``engine_down`` or ``inbox_silent`` ends."""


class Scenario(NamedTuple):
    start: datetime
    policy: Policy
    steps: tuple[Step, ...]
    until: datetime
    sends: bool = False
    """``sending: auto``: the engine sends by itself, to a server that accepts everything."""


def read_scenario(path: Path) -> Scenario:
    """The scenario. Raises ``UnreadableScenario``, also if the file does not exist."""
    return parse_scenario(_Reader.text_of(path, MAX_BYTES), str(path))


def parse_scenario(text: str, source: str) -> Scenario:
    return _Reader(source).scenario(text)


class _Reader(YamlReader):
    unreadable = UnreadableScenario

    def scenario(self, text: str) -> Scenario:
        top = self._mapping(self._parse(text, "a scenario"), "a scenario: start, script, …")
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

    def _policy(self, node: Node) -> Policy:
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

    def _steps(self, node: Node, start: datetime) -> tuple[Step, ...]:
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

    def _step(self, number: int, node: Node, start: datetime) -> Step:
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

    def _arguments(self, name: str, node: Node) -> Arguments:
        self._mapping(node, f"a mapping of what {name} needs")
        arguments = self._model(STEPS[name], node, f"{name}.")
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
        self, name: str, told: dict[str, Node], at: datetime, start: datetime
    ) -> datetime | None:
        if name == "auto_reply" and "until" in told:
            return self._told(lambda text: parse_moment(text, start), told["until"])
        if name in ("engine_down", "inbox_silent"):
            return self._told(lambda text: later(at, parse_positive_duration(text)), told["for"])
        return None

    def _check_calendar(self, until: datetime, policy: Policy, line: int) -> None:
        """Require that all that the story starts falls due before the calendar ends."""
        reminders = (*policy.failure_reminders, *policy.disconnect_reminders)
        furthest = max(policy.resolution_window, policy.grace_period, *reminders)
        try:
            later(until, furthest)
        except ValueError as error:
            raise self._error(line, str(error)) from error

    def _check_downtimes(self, steps: tuple[Step, ...], until: datetime, script: Node) -> None:
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
