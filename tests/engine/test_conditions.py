"""A condition is asked under the lock, on what is settled, and leaves nothing where it is unmet."""

from pathlib import Path

from engine.command_context import Look
from engine.reply import Refusal, Reply, Request
from tests.law.story import ANN, BOB, HOUR, NOON, SPRING, connect, create, disconnect, pause, start
from tests.workplace import ACME, Workplace, on_file

UNMET = Refusal("unmet", "Not now.")


def asked(place: Workplace, command_id: str, met: bool, seen: list[int]) -> Reply:
    def condition(now: Look) -> Refusal | None:
        seen.append(len(now.campaign(SPRING).from_email))
        return None if met else UNMET

    request = Request(pause(), command_id, "user:test", condition)
    return place.engine.execute_page(ACME, [request])[0]


def test_what_is_unmet_is_not_decided_and_may_be_asked_again(tmp_path: Path) -> None:
    place = on_file(tmp_path / "ledger.db").given(connect(ANN), create(ANN), start())
    end, seen = len(place.log), list[int]()

    assert asked(place, "c1", False, seen).refusal == UNMET
    assert len(place.log) == end
    assert asked(place, "c1", True, seen).refusal is None
    again = asked(place, "c1", False, seen)

    assert (again.refusal, again.repeated) == (None, True)
    assert seen == [1, 1]


def test_it_sees_what_was_due_before_as_settled(tmp_path: Path) -> None:
    """S7: the hour ran out unnoticed."""
    place = on_file(tmp_path / "ledger.db").given(connect(ANN), connect(BOB), create(ANN, BOB))
    place.given(start(), disconnect(ANN)).at(NOON + 2 * HOUR)
    end, seen = len(place.log), list[int]()

    assert asked(place, "c1", False, seen).refusal == UNMET
    assert seen == [1]
    assert len(place.log) > end
