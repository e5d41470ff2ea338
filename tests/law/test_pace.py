"""Pace: limits, gaps, windows and days hold at all times, in every zone (M3)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregates.calendar import day_began, day_of, is_open, next_day, next_open
from aggregates.campaign.pace import due_at
from aggregates.command import Command
from aggregates.email_account.pace import constraints, limit_on
from aggregates.waiting import NotBefore, soonest
from events.campaign import SendReserved
from events.email_account import SendCounted, SendUncounted
from events.sequence import WEEKDAYS, Step, Window
from events.vocabulary import RefusalFault, Settings, Waiting
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    INTRO,
    LAST,
    MICROSECOND,
    MINUTE,
    NO_GAP,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    R4,
    SECOND,
    SLOTS,
    SOLO,
    SPRING,
    SUMMER,
    World,
    accepted,
    add_sender,
    ann,
    connect,
    connected,
    create,
    create_single,
    disconnect,
    hear_from,
    mailing,
    message,
    refused,
    reserve,
    reserve_step,
    resume,
    sent,
    set_sequence,
    start,
    unknown,
    update_settings,
)

BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"
OFFICE_HOURS = Window(days=("mon", "tue", "wed", "thu", "fri"), begins="09:00", ends="17:00")
SPRING_FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""Clocks in Berlin go from 02:00 to 03:00."""
FALL_BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""Clocks in Berlin go from 03:00 to 02:00."""


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def a_day(number: int, gap: int = 0, zone: str = "UTC") -> Settings:
    """So many messages a day, by the clocks of that zone."""
    return Settings(sending_speed=number, limits={"gap": gap}, schedule={"zone": zone})


# Windows.


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    ("at", "is_in"),
    [
        (utc(2, 9) - MICROSECOND, False),
        (utc(2, 9), True),
        (utc(2, 17) - MICROSECOND, True),
        (utc(2, 17), False),
        (utc(7, 12), False),
    ],
)
def test_a_window_includes_its_beginning_and_not_its_end(at: datetime, is_in: bool) -> None:
    assert is_open(at, OFFICE_HOURS, "UTC") is is_in


@pytest.mark.rule("M3")
def test_a_window_may_end_at_24_00_which_is_not_the_next_day() -> None:
    evening = Window(days=("mon",), begins="20:00", ends="24:00")

    assert is_open(utc(3, 0) - MICROSECOND, evening, "UTC")
    assert not is_open(utc(3, 0), evening, "UTC")


@pytest.mark.rule("M3")
def test_a_window_across_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = Window(days=("mon",), begins="22:00", ends="02:00")

    assert [is_open(at, night, "UTC") for at in (utc(2, 22), utc(3, 1, 59))] == [True, True]
    assert [is_open(at, night, "UTC") for at in (utc(2, 1), utc(3, 2), utc(3, 22))] == [False] * 3
    assert next_open(utc(2, 1), night, "UTC") == utc(2, 22)


@pytest.mark.rule("M3")
def test_a_window_is_read_by_the_clocks_of_the_campaigns_zone() -> None:
    assert next_open(utc(6, 16), OFFICE_HOURS, BERLIN) == utc(9, 8)
    assert next_open(utc(6, 3), OFFICE_HOURS, TOKYO) == utc(6, 3)


@pytest.mark.rule("M3")
def test_an_hour_that_is_skipped_is_not_made_up_for() -> None:
    skipped = Window(begins="02:00", ends="03:00")

    assert not is_open(SPRING_FORWARD, skipped, BERLIN)
    assert next_open(SPRING_FORWARD - HOUR, skipped, BERLIN) == utc(30, 0)


@pytest.mark.rule("M3")
def test_a_window_that_begins_in_a_skipped_hour_opens_when_the_hour_was_skipped() -> None:
    half_skipped = Window(begins="02:30", ends="04:00")

    assert next_open(SPRING_FORWARD - HOUR, half_skipped, BERLIN) == SPRING_FORWARD
    assert not is_open(SPRING_FORWARD - MICROSECOND, half_skipped, BERLIN)


@pytest.mark.rule("M3")
def test_of_an_hour_that_comes_twice_only_the_first_is_open() -> None:
    twice, longer = Window(begins="02:00", ends="03:00"), Window(begins="02:30", ends="03:30")

    assert is_open(FALL_BACK - HOUR, twice, BERLIN)
    assert not is_open(FALL_BACK, twice, BERLIN)
    assert next_open(FALL_BACK, twice, BERLIN) == FALL_BACK + DAY
    assert next_open(FALL_BACK, longer, BERLIN) == FALL_BACK + HOUR


ZONES = (
    *(BERLIN, TOKYO, "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("Africa/Cairo", "America/Havana", "Pacific/Chatham", "Africa/Casablanca"),
)
AROUND_CHANGES = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((3, 7), (3, 28), (4, 4), (4, 23), (10, 3), (10, 24), (10, 29), (10, 31))
]
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock says."""
    return at.astimezone(zone).replace(tzinfo=None)


def covered(at: datetime, window: Window, zone: ZoneInfo) -> bool:
    """The law's words, minute by minute: what the clock shows for the first time."""
    wall = shown(at, zone)
    if any(shown(at - back * MINUTE, zone) == wall for back in (30, 60, 120)):
        return False
    told, day = wall.strftime("%H:%M"), wall.date()
    crosses = window.ends <= window.begins
    today = WEEKDAYS[day.weekday()] in window.days
    yesterday = WEEKDAYS[(day - DAY).weekday()] in window.days
    if not crosses:
        return today and window.begins <= told < window.ends
    return (today and told >= window.begins) or (yesterday and told < window.ends)


@pytest.mark.rule("M3")
@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    begins=TIMES,
    ends=st.one_of(TIMES, st.just("24:00")),
    day=st.sampled_from(AROUND_CHANGES),
    minute=st.integers(0, 2 * 24 * 60),
    days=st.sets(st.sampled_from(WEEKDAYS), min_size=4),
)
def test_a_window_opens_at_the_first_minute_that_the_clocks_of_its_zone_allow(
    zone: str, begins: str, ends: str, day: datetime, minute: int, days: set[str]
) -> None:
    window = Window(days=tuple(each for each in WEEKDAYS if each in days), begins=begins, ends=ends)
    at = day + minute * MINUTE

    opens = next_open(at, window, zone)

    there = ZoneInfo(zone)
    assert covered(opens, window, there)
    waited = min(int((opens - at) / MINUTE), 36 * 60)
    assert not any(covered(at + each * MINUTE, window, there) for each in range(waited))


# Days.


@pytest.mark.rule("M3")
@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(AROUND_CHANGES),
    minute=st.integers(0, 2 * 24 * 60),
)
@example(zone=BERLIN, day=datetime(2026, 10, 25, tzinfo=UTC), minute=90)
def test_a_day_is_what_the_clocks_of_its_zone_call_one(
    zone: str, day: datetime, minute: int
) -> None:
    at = day + minute * MINUTE

    began, ends = day_began(at, zone), next_day(at, zone)

    assert began <= at < ends
    assert day_of(began, zone) == day_of(at, zone) == day_of(ends - MICROSECOND, zone)
    assert day_of(began - MICROSECOND, zone) != day_of(at, zone) != day_of(ends, zone)


@pytest.mark.rule("M3")
@pytest.mark.parametrize(("day", "hours"), [(SPRING_FORWARD, 23), (FALL_BACK, 25)])
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: datetime, hours: int) -> None:
    assert next_day(day, BERLIN) - day_began(day, BERLIN) == timedelta(hours=hours)


# The account's limit.


@pytest.mark.rule("M3")
def test_an_accounts_limit_counts_over_all_campaigns() -> None:
    world = mailing(settings=a_day(2))
    world.given(create(ANN, to=(R4,), campaign=SUMMER), set_sequence(campaign=SUMMER))
    world.given(start(SUMMER), reserve_step(ANN, R1), reserve_step(ANN, R4, campaign=SUMMER))

    told = world.refuses(reserve_step(ANN, R2), because="account_not_yet")

    assert told == f"Nothing leaves through {ANN} before 2026-03-03T00:00:00Z (limit)."
    world.at(NOON + 12 * HOUR - MICROSECOND).refuses(reserve_step(ANN, R2), "account_not_yet")
    world.at(NOON + 12 * HOUR).given(reserve_step(ANN, R2))


@pytest.mark.rule("M3")
def test_what_the_account_refuses_refuses_the_reservation_with_it() -> None:
    world = mailing(settings=a_day(1)).given(sent(ANN, R1))
    before = world.log

    world.refuses(reserve_step(ANN, R2), because="account_not_yet")

    assert world.log == before
    with world.engine.look(world.workspace) as workspace:
        campaign = workspace.campaign(SPRING)
    assert campaign.recipients[R2].sending is None
    assert campaign.day_used == 1
    world.given(reserve_step(BOB, R2))


@pytest.mark.rule("M3")
def test_a_message_counts_on_the_day_of_its_reservation() -> None:
    world = mailing(settings=a_day(1)).at(NOON + 12 * HOUR - SECOND).given(reserve_step(ANN, R1))

    world.at(NOON + 12 * HOUR).given(accepted(R1, message(R1)), reserve_step(ANN, R2))

    world.refuses(reserve_step(ANN, R3), because="account_not_yet")


@pytest.mark.rule("M3")
def test_what_is_on_its_way_counts_until_it_is_known_to_be_refused() -> None:
    world = mailing(settings=a_day(1)).given(reserve_step(ANN, R1))
    world.refuses(reserve_step(ANN, R2), because="account_not_yet")

    world.given(refused(R1, message(R1))).given(reserve_step(ANN, R2))

    world.refuses(reserve_step(ANN, R3), because="account_not_yet")


@pytest.mark.rule("M3")
@pytest.mark.parametrize("fault", RefusalFault)
def test_refusals_and_deferrals_use_up_nothing(fault: RefusalFault) -> None:
    world = mailing(settings=a_day(1), daily_limit=1).given(reserve_step(ANN, R1))

    world.given(refused(R1, message(R1), fault))

    (uncounted,) = world.facts(SendUncounted)
    assert isinstance(uncounted, SendUncounted)
    assert uncounted.reserved_at == NOON
    if fault is RefusalFault.LIMIT:
        world.at(NOON + HOUR)
    world.given(reserve_step(ANN, R2))


@pytest.mark.rule("M3")
@pytest.mark.parametrize("outcome", [accepted, unknown])
def test_accepted_and_unknown_messages_use_up_the_limit(
    outcome: Callable[[str, str], Command],
) -> None:
    world = mailing(settings=a_day(1)).given(reserve_step(ANN, R1), outcome(R1, message(R1)))

    world.refuses(reserve_step(ANN, R2), because="account_not_yet")


@pytest.mark.rule("M3")
def test_a_refusal_after_midnight_gives_back_nothing_of_the_new_day() -> None:
    world = mailing(settings=a_day(1)).at(NOON + 12 * HOUR - SECOND).given(reserve_step(ANN, R1))
    world.at(NOON + 12 * HOUR).given(reserve_step(ANN, R2), refused(R1, message(R1)))

    world.refuses(reserve_step(ANN, R3), because="account_not_yet")


@pytest.mark.rule("M3")
def test_a_day_is_that_of_the_zone_stated_for_the_account() -> None:
    world = mailing(settings=a_day(1, zone=TOKYO)).given(sent(ANN, R1))

    told = world.refuses(reserve_step(ANN, R2), because="account_not_yet")

    assert "before 2026-03-02T15:00:00Z" in told
    world.at(utc(2, 15)).given(reserve_step(ANN, R2))


@pytest.mark.rule("M3", "T1")
def test_a_disconnect_resets_the_limit_and_not_what_was_used() -> None:
    world = mailing(settings=a_day(60)).given(create(ANN, to=people(51), campaign=SUMMER))
    world.given(set_sequence(campaign=SUMMER), start(SUMMER))
    for each in people(50):
        world.given(reserve_step(ANN, each, campaign=SUMMER))
    world.given(disconnect(ANN), connect(ANN, settings=NO_GAP))
    world.given(add_sender(ANN, SUMMER), resume(SUMMER))

    world.refuses(reserve_step(ANN, people(51)[50], campaign=SUMMER), because="account_not_yet")


def people(number: int) -> list[str]:
    return [f"p{each}" for each in range(number)]


@pytest.mark.rule("M3", "T1")
def test_what_was_used_counts_for_the_days_of_another_zone_too() -> None:
    """A disconnect puts the zone back to UTC, where the day before is not over."""
    midnight = utc(2, 23)
    account = ann.given(connected(ANN, a_day(2, zone=BERLIN)))
    for hour in (21, 22):
        account = account.given(counted(utc(2, hour)))

    with_utc = account.given(connected(ANN, a_day(2)))

    assert account.state.usage.since(day_began(midnight, BERLIN)) == 0
    assert with_utc.state.usage.since(day_began(midnight, "UTC")) == 2


def counted(at: datetime) -> SendCounted:
    return SendCounted(
        account_id=ANN,
        campaign_id=SPRING,
        send_id="send-1",
        day=at.date(),
        day_began_at=at.replace(hour=0),
        used=1,
        limit=2,
        gap=timedelta(),
        occurred_at=at,
    )


@pytest.mark.rule("M3")
def test_what_was_used_is_forgotten_after_two_days() -> None:
    account = ann.given(connected(ANN))
    for hours in range(0, 24 * 40, 5):
        account = account.given(counted(NOON + hours * HOUR))

    usage = account.state.usage
    assert len(usage.sent) <= 2 * 24 / 5 + 1
    assert sum(usage.sent.values()) == len(usage.sent)


@pytest.mark.rule("M3", "T3")
def test_another_account_in_the_slot_has_its_own_count_and_the_campaigns_goes_on() -> None:
    world = World().given(connect(ANN, settings=a_day(1)), create_single(SLOTS[ANN]))
    world.given(set_sequence(campaign=SOLO, daily_limit=2), start(SOLO))
    world.given(sent(ANN, R1, campaign=SOLO))
    world.refuses(reserve_step(ANN, R2, campaign=SOLO), because="account_not_yet")

    world.given(disconnect(ANN), connect(BOB, SLOTS[ANN], settings=NO_GAP), resume(SOLO))

    world.given(sent(BOB, R2, campaign=SOLO))
    told = world.refuses(reserve_step(BOB, R3, campaign=SOLO), because="not_yet")
    assert told == f"Nothing goes to {R3} before 2026-03-03T00:00:00Z (limit)."


@pytest.mark.rule("M3")
def test_a_limit_of_none_a_day_lets_nothing_leave() -> None:
    world = mailing(settings=a_day(0))

    world.refuses(reserve_step(ANN, R1), because="account_not_yet")

    world.given(update_settings(ANN, a_day(1)), reserve_step(ANN, R1))


@pytest.mark.rule("M3")
def test_a_new_accounts_limit_grows_from_its_first_day() -> None:
    ramp = Settings(sending_speed=20, limits={"gap": 0, "ramp_start": 5, "ramp_step": 10})
    new = ann.given(connected(ANN, ramp))
    assert limit_on(new.state, utc(9, 0).date()) == 5

    begun = new.given(counted(utc(9, 12))).state

    assert [limit_on(begun, utc(day, 0).date()) for day in (9, 10, 11, 20)] == [5, 15, 20, 20]
    west_of_it = utc(8, 0).date()
    assert limit_on(begun, west_of_it) == 5, "the zone was changed, and it is the day before"


@pytest.mark.rule("M3")
@pytest.mark.parametrize(("ramp_step", "until"), [(10, NOON + 12 * HOUR), (0, None)])
def test_a_day_without_messages_ends_unless_the_next_one_has_none_either(
    ramp_step: int, until: datetime | None
) -> None:
    begun = ann.given(connected(ANN, NO_GAP), counted(NOON - HOUR)).state
    ramp = Settings(limits={"gap": 0, "ramp_start": 0, "ramp_step": ramp_step})
    from_zero = begun._replace(settings=ramp)

    assert soonest(NOON, constraints(from_zero)) == NotBefore(until, Waiting.LIMIT)


@pytest.mark.rule("M3")
def test_a_message_that_was_told_and_not_planned_is_not_counted() -> None:
    world = mailing(settings=a_day(1)).given(hear_from(ANN, R1, R2), reserve(ANN, R3))

    assert world.facts(SendCounted) == []


# The gap.


@pytest.mark.rule("M3")
def test_a_gap_runs_between_the_reservations_of_an_account() -> None:
    world = mailing(settings=a_day(50, gap=90)).given(reserve_step(ANN, R1))

    told = world.at(NOON + 89 * SECOND).refuses(reserve_step(ANN, R2), because="account_not_yet")

    assert "(gap)" in told
    world.given(reserve_step(BOB, R2)).at(NOON + 90 * SECOND).given(reserve_step(ANN, R3))


@pytest.mark.rule("M3")
@pytest.mark.parametrize("fault", [RefusalFault.TEMPORARY, RefusalFault.RECIPIENT])
def test_a_refused_reservation_begins_a_gap_like_any(fault: RefusalFault) -> None:
    world = mailing(settings=a_day(50, gap=90)).given(reserve_step(ANN, R1))

    world.given(refused(R1, message(R1), fault))

    world.at(NOON + 89 * SECOND).refuses(reserve_step(ANN, R2), because="account_not_yet")


@pytest.mark.rule("M3")
def test_nothing_is_made_up_for_after_an_outage() -> None:
    world = mailing(to=people(9), settings=a_day(3, gap=60)).at(NOON + 3 * DAY)
    for minute in range(10):
        world.at(NOON + 3 * DAY + minute * MINUTE)
        for each in people(9):
            world.tell(reserve_step(ANN, each))

    left = [each.occurred_at - NOON - 3 * DAY for each in reservations(world)]
    assert left == [timedelta(), MINUTE, 2 * MINUTE]


# The campaign's limit and window.


@pytest.mark.rule("M3")
def test_a_campaigns_limit_counts_over_all_accounts_by_its_own_zone() -> None:
    world = mailing(daily_limit=2, zone=TOKYO).given(sent(ANN, R1), sent(BOB, R2))

    told = world.refuses(reserve_step(ANN, R3), because="not_yet")

    assert told == f"Nothing goes to {R3} before 2026-03-02T15:00:00Z (limit)."
    world.at(utc(2, 15)).given(reserve_step(ANN, R3))
    assert [str(each.day) for each in reservations(world)] == [
        *("2026-03-02", "2026-03-02", "2026-03-03"),
    ]


def reservations(world: World) -> Iterator[SendReserved]:
    return (each for each in world.facts(SendReserved) if isinstance(each, SendReserved))


@pytest.mark.rule("M3")
@pytest.mark.parametrize(("of_account", "of_campaign"), [(1, 3), (3, 1)])
def test_the_smallest_limit_wins(of_account: int, of_campaign: int) -> None:
    world = mailing(settings=a_day(of_account), daily_limit=of_campaign).given(sent(ANN, R1))

    assert world.tell(reserve_step(ANN, R2)).refusal is not None


@pytest.mark.rule("M3")
def test_a_limit_that_ends_outside_the_window_ends_when_that_opens() -> None:
    world = mailing(window=OFFICE_HOURS, daily_limit=1).given(sent(ANN, R1))

    told = world.refuses(reserve_step(ANN, R2), because="not_yet")

    assert told == f"Nothing goes to {R2} before 2026-03-03T09:00:00Z (window)."


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    ("at", "allowed"), [(utc(3, 9) - MICROSECOND, False), (utc(3, 9), True), (utc(3, 17), False)]
)
def test_a_window_holds_after_a_restart_too(at: datetime, allowed: bool) -> None:
    world = mailing(window=OFFICE_HOURS).at(at)

    assert (world.tell(reserve_step(ANN, R1)).refusal is None) is allowed


# Delays.


@pytest.mark.rule("M3")
def test_a_delay_is_elapsed_time_whatever_clocks_do() -> None:
    begins = SPRING_FORWARD - DAY
    world = mailing(zone=BERLIN).at(begins).given(sent(ANN, R1))
    due = begins + 72 * HOUR

    world.at(due - MICROSECOND).refuses(reserve_step(ANN, R1, NUDGE, read=due), because="not_yet")

    world.at(due).given(reserve_step(ANN, R1, NUDGE, read=due))


@pytest.mark.rule("M3")
def test_a_delay_runs_from_the_acceptance_of_the_step_before() -> None:
    world = mailing().given(reserve_step(ANN, R1)).at(NOON + HOUR).given(accepted(R1, message(R1)))
    due = NOON + HOUR + 3 * DAY

    world.at(due - MICROSECOND).refuses(reserve_step(ANN, R1, NUDGE, read=due), because="not_yet")

    world.at(due).given(reserve_step(ANN, R1, NUDGE, read=due))


@pytest.mark.rule("M3")
def test_when_a_step_is_due_does_not_drift_with_retries() -> None:
    world, due = mailing().given(sent(ANN, R1)), NOON + 3 * DAY
    world.at(due).given(reserve_step(ANN, R1, NUDGE, read=due), refused(R1, message(R1, NUDGE)))
    with world.engine.look(world.workspace) as workspace:
        recipient = workspace.campaign(SPRING).recipients[R1]
    assert due_at(recipient, Step(name=NUDGE, after=3 * DAY)) == due

    later = due + 15 * MINUTE
    world.at(later).given(sent(ANN, R1, NUDGE, read=later))

    following = later + 7 * DAY
    world.at(following - MICROSECOND).refuses(
        reserve_step(ANN, R1, LAST, read=following), because="not_yet"
    )
    world.at(following).given(reserve_step(ANN, R1, LAST, read=following))


@pytest.mark.rule("M3")
def test_without_zone_and_steps_a_campaign_sends_nothing() -> None:
    world = World().given(connect(ANN), create(ANN), start())

    world.refuses(reserve_step(ANN, R1, INTRO), because="not_set_up")
