"""One thing after another for a whole fleet: one that fails stops none of the others.

What was done is recorded at once, and the next plan leaves it out: after a crash in the midst, the
same again finishes the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.reply import Refusal
from engine.work.secret import VaultError


class Done(NamedTuple):
    """``refusal`` is None for what succeeded."""

    name: str
    refusal: Refusal | None = None


def one_by_one(names: Iterable[str], act: Callable[[str], Refusal | None]) -> Iterator[Done]:
    """Act on each name when the next ``Done`` is asked for. Errors of the store end it; a secret
    that cannot be had, or a mailbox that cannot be reached, is the trouble of one name alone."""
    for name in names:
        try:
            refusal = act(name)
        except VaultError as error:
            refusal = Refusal("vault", str(error))
        except OSError as error:
            refusal = Refusal("unreachable", error.strerror or type(error).__name__)
        yield Done(name, refusal)
