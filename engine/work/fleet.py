"""Act on the accounts of a whole fleet one by one: a failure of one does not stop the others.

Each action is recorded at once, and the next plan leaves it out, so repeating the command after a
crash finishes the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.reply import Refusal
from engine.work.secret import VaultError


class Done(NamedTuple):
    """``refusal`` is None if the action succeeded."""

    name: str
    refusal: Refusal | None = None


def one_by_one(names: Iterable[str], act: Callable[[str], Refusal | None]) -> Iterator[Done]:
    """Act on each name when the next ``Done`` is asked for. An error of the store ends the run; a
    missing secret or an unreachable mailbox concerns only its own name."""
    for name in names:
        try:
            refusal = act(name)
        except VaultError as error:
            refusal = Refusal("vault", str(error))
        except OSError as error:
            refusal = Refusal("unreachable", error.strerror or type(error).__name__)
        yield Done(name, refusal)
