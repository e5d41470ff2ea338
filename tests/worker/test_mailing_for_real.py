"""A campaign that a real worker sends from real mailboxes, and what comes back to it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from events.vocabulary import RecipientStatus
from tests.worker.office import NUDGE, Office
from tests.worker.processes import eventually

pytestmark = pytest.mark.kills

PEOPLE, DEATHS = 40, 5


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Of its two mailboxes one is at a provider that files no copies."""
    with Sandbox([]) as sandbox:
        (tmp_path / "store").mkdir()
        yield Office(sandbox, str(tmp_path / "store" / "store.db"), tmp_path)


@pytest.mark.rule("M1", "M2", "M3", "M4", "M5")
def test_a_campaign_runs_by_itself_and_hears_who_answers(office: Office) -> None:
    office.begin(people=10)
    with office.served():
        eventually(lambda: len(office.copies()) >= 10)
        firsts = {each["recipients"][0]: each["message_id"] for each in office.sandbox.accepted()}
        office.sandbox.reply(firsts["r1@x.test"])
        office.sandbox.bounce(firsts["r2@x.test"])
        office.sandbox.reply(firsts["r3@x.test"], "I am away.", automatic=True)
        eventually(lambda: sum(step == NUDGE for _, step in office.copies()) >= 8)
        eventually(lambda: office.statuses()[RecipientStatus.REPLIED] == 1)
    assert max(office.copies().values()) == 1
    assert {("r1@x.test", NUDGE), ("r2@x.test", NUDGE)}.isdisjoint(office.copies())
    assert office.statuses()[RecipientStatus.BOUNCED] == 1


@pytest.mark.rule("M2", "S8")
def test_whoever_sends_is_killed_again_and_again_and_nobody_gets_a_copy_twice(
    office: Office,
) -> None:
    office.begin(people=PEOPLE)
    chance = random.Random(7)
    for _ in range(DEATHS):
        worker = office.start()
        enough = office.many() + chance.randrange(2, 8)
        eventually(lambda: office.many() >= enough)  # noqa: B023 called at once
        worker.kill()
    with office.served():
        eventually(lambda: office.waiting() == 0)
    assert max(office.copies().values()) == 1
    assert office.unknown() <= 2 * DEATHS
