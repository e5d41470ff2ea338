"""One by one: what fails is one name's trouble, and what was done stays done."""

from collections.abc import Iterator

import pytest

from engine.ports.errors import StoreError, StoreFailed
from engine.reply import Refusal
from engine.work.fleet import Done, one_by_one
from engine.work.secret import NoKey

REFUSED = Refusal("still_failing", "It still fails.")


def act(name: str) -> Refusal | None:
    match name:
        case "refused":
            return REFUSED
        case "locked":
            raise NoKey
        case "cut":
            raise ConnectionResetError(104, "Connection reset by peer")
        case "lost":
            raise StoreFailed(store="a.db", said="it was lost")
    return None


def test_one_that_fails_stops_none_of_the_others() -> None:
    assert [*one_by_one(["a", "refused", "locked", "cut", "b"], act)] == [
        Done("a"),
        Done("refused", REFUSED),
        Done("locked", Refusal("vault", str(NoKey()))),
        Done("cut", Refusal("unreachable", "Connection reset by peer")),
        Done("b"),
    ]


def test_a_store_that_is_lost_ends_it() -> None:
    doing: Iterator[Done] = one_by_one(["a", "lost", "b"], act)
    assert next(doing) == Done("a")
    with pytest.raises(StoreError):
        next(doing)
