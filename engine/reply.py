"""Requests to the engine, and its replies."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from aggregates.command import Command
from engine.command_context import Look
from events.recorded import Recorded

NO_FACTS: Mapping[str, object] = MappingProxyType({})


class Refusal(NamedTuple):
    code: str
    message: str
    facts: Mapping[str, object] = NO_FACTS
    """The facts in the message, by name: texts and numbers."""


Condition = Callable[[Look], Refusal | None]


class Request(NamedTuple):
    """A command with its id and its sender (``user:…`` or ``check``).

    ``condition`` is checked under the workspace's lock, once everything due is settled, and only if
    the command was not decided before. A command that it refuses is not decided, and leaves nothing
    behind.
    """

    command: Command
    command_id: str
    actor: str
    condition: Condition | None = None


class Reply(NamedTuple):
    """The outcome of a command.

    ``recorded`` are its facts and everything that followed from them at once; empty if the same
    command id was answered before (``repeated``). A refusal may come with facts worth remembering.
    """

    command_id: str
    position: int
    """Nothing of the command is after this position: wait for it to read your own write."""
    refusal: Refusal | None = None
    recorded: Sequence[Recorded] = ()
    repeated: bool = False
