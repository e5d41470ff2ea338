"""What is asked of the engine, and what it answers."""

from collections.abc import Sequence
from typing import NamedTuple

from aggregates.command import Command
from events.recorded import Recorded


class Request(NamedTuple):
    """A command with its id and who sends it (``user:…`` or ``check``)."""

    command: Command
    command_id: str
    actor: str


class Refusal(NamedTuple):
    code: str
    message: str


class Reply(NamedTuple):
    """What became of a command.

    ``recorded`` are its facts and everything that followed from them at once; empty when the same
    command id was answered before (``repeated``). A refusal may come with facts worth remembering.
    """

    command_id: str
    position: int
    """Nothing of the command stand after it: wait for it to read your own write."""
    refusal: Refusal | None = None
    recorded: Sequence[Recorded] = ()
    repeated: bool = False
