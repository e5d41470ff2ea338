"""What the auditor says of commands after a restore, when what was due had to wait (M6)."""

from collections.abc import Sequence

import pytest

from aggregates.command import Command
from engine.audit import Auditor
from engine.audit.auditor import TAKEN_WHEN_FENCED
from engine.audit.source import NEVER_RESTORED
from events.recorded import Recorded
from tests.cli.auditing.test_check import Forged, laid_out
from tests.law.story import ANN, NINE_DAYS, NOON, R1, SECOND, Move, fail, hear_from, office
from tests.law.story import import_recipients as import_them

LATE = NOON + NINE_DAYS + SECOND


def unsettled(last: Move) -> Sequence[Recorded]:
    """As an engine writes it that does not settle: without the expiry that was due before."""
    world = office().given(hear_from(ANN, R1), fail(ANN)).tick(LATE).given(last)
    return [each for each in world.log if each.envelope.actor != "clock"]


def told(log: Sequence[Recorded], restored_at: int) -> set[str]:
    found: set[str] = set()
    auditor = Auditor(lambda each: found.add(each.sentence), restored_at)
    auditor.read(laid_out([Forged(each.stream_id, each.event, each.envelope) for each in log]))
    return {each for each in found if "was due and is not settled" in each}


@pytest.mark.rule("M6", "S7")
def test_what_a_fence_lets_pass_may_come_before_what_was_due_and_nothing_else_may() -> None:
    check, other = unsettled(fail(ANN)), unsettled(import_them("n1"))

    assert not told(check, restored_at=1)
    assert told(other, restored_at=1)
    for log in (check, other):
        assert told(log, NEVER_RESTORED)
        assert told(log, restored_at=len(log) + 1)


def test_every_command_that_a_fence_lets_pass_is_known() -> None:
    assert {each.__name__ for each in _commands(Command) if each.taken_when_fenced} == (
        TAKEN_WHEN_FENCED
    )


def _commands(kind: type[Command]) -> list[type[Command]]:
    return [kind, *(each for sub in kind.__subclasses__() for each in _commands(sub))]
