"""A worker that was away, a clock that is wrong, mailboxes that change or are full: no burst, no
second copy, nobody written to who answered. Servers are real, and time is the test's."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from events.campaign import SendReserved
from events.sequence import Step, Window
from events.vocabulary import RecipientStatus, Settings
from tests.worker.office import ANN, BOB, INTRO, NUDGE, STEPS, Office
from tests.worker.worker_here import WorkerHere
from tests.workplace import log_of

pytestmark = pytest.mark.kills

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=each) for each in (1, 60, 3_600, 86_400))
GAP, A_DAY = 90 * SECOND, 4
PACE = Settings(sending_speed=A_DAY, limits={"gap": 90})
OFFICE_HOURS = Window(days=("mon", "tue", "wed", "thu", "fri"), begins="09:00", ends="17:00")
NEXT_DAY = (STEPS[0], Step(name=NUDGE, after=DAY, text=STEPS[1].text))
PEOPLE = 12


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Sandbox([]) as sandbox:
        (tmp_path / "store").mkdir()
        yield Office(sandbox, str(tmp_path / "store" / "store.db"), tmp_path)


def a_wednesday() -> datetime:
    """The next at noon: what is set up here was so before."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon + (1 + (1 - noon.weekday()) % 7) * DAY


def works(worker: WorkerHere, so_long: timedelta, every: timedelta = 30 * SECOND) -> None:
    ends = worker.clock() + so_long
    while worker.clock() < ends:
        worker.rest()
        worker.clock.advance(every)


def reserved(worker: WorkerHere) -> list[SendReserved]:
    log = [each.event for each in log_of(worker.opened.store)]
    return [each for each in log if isinstance(each, SendReserved)]


def names(worker: WorkerHere) -> list[str]:
    return [type(each.event).__name__ for each in log_of(worker.opened.store)]


def keeps_the_pace(sends: list[SendReserved]) -> bool:
    """M3, of each account: a limit a day, a gap, and a window."""
    by_day = Counter((each.account_id, each.occurred_at.date()) for each in sends)
    for account in (ANN, BOB):
        moments = [each.occurred_at for each in sends if each.account_id == account]
        assert all(later - earlier >= GAP for earlier, later in pairwise(moments))
    inside = all(
        9 <= each.occurred_at.hour < 17 and each.occurred_at.weekday() < 5 for each in sends
    )
    return inside and max(by_day.values()) <= A_DAY


def answered(office: Office) -> str:
    """Somebody who has got the first message answers it; who."""
    first = office.sandbox.accepted()[0]
    office.sandbox.reply(first["message_id"])
    return first["recipients"][0]


@pytest.mark.rule("M3", "M4")
def test_after_five_days_away_nothing_bursts_and_who_answered_meanwhile_hears_no_more(
    office: Office,
) -> None:
    office.begin(PEOPLE, NEXT_DAY, PACE, OFFICE_HOURS)
    with WorkerHere(office, a_wednesday() + 4 * HOUR + 50 * MINUTE) as worker:
        works(worker, 20 * MINUTE)
        began = office.many()
        who = answered(office)
    with WorkerHere(office, a_wednesday() + 5 * DAY + 4 * HOUR + 50 * MINUTE) as worker:
        works(worker, 20 * MINUTE)
        assert began < office.many() <= began + 2 * A_DAY
        worker.clock.advance(10 * HOUR)
        for _ in range(5):
            works(worker, 30 * HOUR, every=HOUR)
        assert keeps_the_pace(reserved(worker))
        assert office.many() == len(reserved(worker)) == 2 * PEOPLE - 1
    assert set(office.copies().values()) == {1}
    assert (who, INTRO) in office.copies()
    assert (who, NUDGE) not in office.copies()


@pytest.mark.rule("M5")
def test_inboxes_that_are_numbered_anew_are_read_anew_and_nothing_is_recorded_twice(
    office: Office,
) -> None:
    office.begin(PEOPLE, NEXT_DAY)
    with WorkerHere(office, a_wednesday()) as worker:
        worker.rest()
        sent = [each["message_id"] for each in office.sandbox.accepted()]
        office.sandbox.reply(sent[0])
        office.sandbox.reply(sent[1], "I am away until Friday.", automatic=True)
        office.sandbox.bounce(sent[2])
        works(worker, 3 * MINUTE, every=MINUTE)
        recorded = names(worker)
        assert {"RecipientReplied", "AutoReplyReceived", "RecipientBounced"} <= set(recorded)
        for account in (ANN, BOB):
            office.sandbox.renumber(account)
        works(worker, 3 * MINUTE, every=MINUTE)
        assert names(worker) == recorded
        office.sandbox.reply(sent[3])
        works(worker, 3 * MINUTE, every=MINUTE)
        assert names(worker) == [*recorded, "RecipientReplied"]


@pytest.mark.rule("M2", "M7", "M8")
def test_full_mailboxes_lose_no_message_and_double_none(office: Office) -> None:
    full = "NO [OVERQUOTA] Quota exceeded"
    office.sandbox.fail("imap", "append", Act.SAY, text=full, account=ANN, times=2)
    office.sandbox.fail("smtp", "rcpt", Act.SAY, text="552 5.2.2 Mailbox full", times=1)
    office.sandbox.fail("smtp", "rcpt", Act.SAY, text="452 4.2.2 Over quota", times=3)
    office.begin(PEOPLE, NEXT_DAY)
    with WorkerHere(office, a_wednesday()) as worker:
        worker.rest()
        assert office.many() == PEOPLE - 4
        works(worker, 20 * MINUTE, every=MINUTE)
        assert office.many() == PEOPLE - 1
        works(worker, 2 * DAY, every=HOUR)
        recorded = Counter(names(worker))
    assert office.many() == 2 * (PEOPLE - 1)
    assert set(office.copies().values()) == {1}
    assert recorded["RecipientBounced"] == 1
    assert "PersonSuppressed" not in recorded, "the address is not to blame"
    from_ann = [each for each in office.sandbox.accepted() if each["sender"] == ANN]
    assert len(office.sandbox.messages(ANN, "Sent")) == len(from_ann) - 2


@pytest.mark.rule("M2", "M3")
@pytest.mark.parametrize("back", [HOUR, 2 * DAY])
def test_a_clock_that_is_set_back_sends_nothing_twice_and_no_day_twice(
    office: Office, back: timedelta
) -> None:
    office.begin(PEOPLE, NEXT_DAY, PACE)
    office.sandbox.fail("smtp", "data", Act.LOSE, times=1)
    with WorkerHere(office, a_wednesday()) as worker:
        works(worker, 10 * MINUTE)
        before = office.many()
        assert before == 2 * A_DAY
        worker.clock.advance(-back)
        works(worker, 5 * MINUTE)
        who = answered(office)
        works(worker, 5 * MINUTE)
        assert office.statuses()[RecipientStatus.REPLIED] == 1, "inboxes are read all the same"
        works(worker, back - 20 * MINUTE, every=back / 20)
        assert office.many() == before
        works(worker, 5 * DAY, every=20 * MINUTE)
        assert names(worker).count("EmailOutcomeUnknown") == 1
    assert office.many() == len(office.copies()) == 2 * PEOPLE - 1
    assert (who, NUDGE) not in office.copies()
