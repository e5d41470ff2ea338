"""The full causal tree around some events: their causes and their consequences (F2)."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.answers.history import History
from events.recorded import Envelope, Recorded

ENOUGH = 12
"""A command with at most this many events is shown in full; of more, only those that matter to the
tree."""


class Fact(NamedTuple):
    recorded: Recorded
    asked_about: bool
    """False for an event that is only a cause or a consequence."""
    brought_about: Sequence["CommandNode"]


class CommandNode(NamedTuple):
    """One command and its events."""

    envelope: Envelope
    facts: Sequence[Fact]
    left_out: int
    """The number of further events of the command that concern others, like the 100,000 stops of an
    expiry."""


class CausalTree:
    """Collects the commands, and which of their events to show."""

    def __init__(self, history: History, asked_about: Iterable[Recorded]) -> None:
        self._history = history
        self._told: dict[str, dict[int, Recorded]] = {}
        self._envelopes: dict[str, Envelope] = {}
        waiting = deque(asked_about)
        self._asked_about = {each.position for each in waiting}
        followed: set[int] = set()
        while waiting:
            each = waiting.popleft()
            if each.position not in followed:
                followed.add(each.position)
                self._tell_with_causes(each)
                waiting += self._consequences(each)

    def tree(self) -> list[CommandNode]:
        """The first commands of the tree, in order of position."""
        below: dict[str | None, list[Envelope]] = {}
        for envelope in sorted(self._envelopes.values(), key=lambda each: each.first_position):
            below.setdefault(envelope.causation_id, []).append(envelope)
        return [self._node(each, below) for each in below.get(None, [])]

    def _node(self, envelope: Envelope, below: dict[str | None, list[Envelope]]) -> CommandNode:
        told = self._told[envelope.command_id]
        facts = [
            Fact(
                recorded,
                recorded.position in self._asked_about,
                [self._node(each, below) for each in below.get(recorded.event_id, [])],
            )
            for _, recorded in sorted(told.items())
        ]
        return CommandNode(envelope, facts, envelope.event_count - len(told))

    def _tell_with_causes(self, recorded: Recorded) -> None:
        cause: Recorded | None = recorded
        while cause is not None and not self._is_told(cause):
            self._tell(cause)
            cause = self._history.cause(cause)

    def _is_told(self, recorded: Recorded) -> bool:
        return recorded.position in self._told.get(recorded.envelope.command_id, ())

    def _tell(self, recorded: Recorded) -> None:
        envelope = recorded.envelope
        if envelope.command_id not in self._envelopes:
            self._envelopes[envelope.command_id] = envelope
            self._told[envelope.command_id] = {
                each.position: each for each in self._beginning(envelope)
            }
        self._told[envelope.command_id][recorded.position] = recorded

    def _beginning(self, envelope: Envelope) -> Iterable[Recorded]:
        """All events of the command; if there are many, only the first, which says what they are
        about."""
        count = envelope.event_count if envelope.event_count <= ENOUGH else 1
        return self._history.at(range(envelope.first_position, envelope.first_position + count))

    def _consequences(self, recorded: Recorded) -> list[Recorded]:
        """The consequences of this event, immediate or by timers."""
        caused = self._history.commands_caused_by(recorded.envelope)
        first = [each for each in caused if each.envelope.causation_id == recorded.event_id]
        commands = [each.envelope for each in [*first, *self._history.later(recorded)]]
        return [each for envelope in commands for each in self._beginning(envelope)]
