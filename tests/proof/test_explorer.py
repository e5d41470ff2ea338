"""S6-S8, M2, F2: whatever two workers do around a deadline, and wherever one of them dies."""

from datetime import timedelta

import pytest

from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOLD_SENDER,
    HOUR,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    R1,
    R2,
    R3,
    R4,
    REPLIED,
    SECOND,
    SUMMER,
    Move,
    accepted,
    add_sender,
    connect,
    create,
    disconnect,
    fail,
    import_recipients,
    one_click,
    pass_check,
    refused,
    remove_sender,
    request_check,
    reserve,
    resume,
    signal,
    start,
    unknown,
    user_check,
)
from tests.proof.explorer import TICK, Explorer, Situation

NOW = timedelta(0)
TEAM: tuple[tuple[timedelta, Move], ...] = (
    (NOW, [connect(ANN), connect(BOB)]),
    (NOW, [create(ANN, BOB, to=(R1, R2, R3, R4)), start()]),
    (NOW, [reserve(ANN, R1, "a1"), accepted(R1, "a1"), reserve(BOB, R3, "b1")]),
    (NOW, accepted(R3, "b1")),
)
"""Ann has written to R1, Bob to R3; R2 and R4 have heard from nobody."""
ON_ITS_WAY = (*TEAM, (NOW, reserve(ANN, R2, "a2")))
FAILED = (*TEAM, (MINUTE, fail(ANN)))
FAILED_IN_FLIGHT = (*ON_ITS_WAY, (MINUTE, fail(ANN)))
GONE = (*TEAM, (MINUTE, disconnect(ANN)))
GONE_IN_FLIGHT = (*ON_ITS_WAY, (MINUTE, disconnect(ANN)))
BACK = (*GONE, (2 * MINUTE, connect(ANN)))
NINTH_DAY, HOUR_IS_OVER = MINUTE + NINE_DAYS, MINUTE + HOUR

SITUATIONS = [
    Situation(
        "one-click against the ninth day",
        FAILED,
        NINTH_DAY,
        [one_click(ANN), resume()],
        [TICK, reserve(ANN, R1, "a9")],
    ),
    Situation(
        "a background check, a reply and a follow-up",
        FAILED,
        NINTH_DAY,
        [pass_check(ANN), resume()],
        [*signal(REPLIED, R1), reserve(BOB, R3, "b9")],
    ),
    Situation(
        "a disconnect supersedes at the last moment",
        FAILED,
        NINTH_DAY,
        [disconnect(ANN), connect(ANN)],
        [TICK, add_sender(ANN)],
    ),
    Situation(
        "re-adding against the hour",
        BACK,
        HOUR_IS_OVER,
        [add_sender(ANN), resume()],
        [resume(without=[ANN]), reserve(ANN, R1, "a9")],
    ),
    Situation(
        "reconnecting against the hour",
        GONE,
        HOUR_IS_OVER,
        [connect(ANN), add_sender(ANN)],
        [TICK, import_recipients(R1, "r5")],
    ),
    Situation(
        "an acceptance arrives with the ninth day",
        FAILED_IN_FLIGHT,
        NINTH_DAY,
        [accepted(R2, "a2"), one_click(ANN)],
        [TICK, resume()],
    ),
    Situation(
        "a refusal arrives with the hour, and Bob takes over",
        GONE_IN_FLIGHT,
        HOUR_IS_OVER,
        [refused(R2, "a2"), resume(without=[ANN])],
        [TICK, reserve(BOB, R2, "b9")],
    ),
    Situation(
        "an unknown outcome arrives with the hour",
        GONE_IN_FLIGHT,
        HOUR_IS_OVER,
        [unknown(R2, "a2"), connect(ANN)],
        [add_sender(ANN), *signal(REPLIED, R2)],
    ),
    Situation(
        "a check asked for in time",
        FAILED,
        NINTH_DAY,
        [request_check(ANN, "c"), user_check(ANN, check_id="c")],
        [TICK, resume()],
        around=(NOW, MICROSECOND, 60 * SECOND, 61 * SECOND),
    ),
    Situation(
        "the sender is held, the campaign runs on",
        FAILED_IN_FLIGHT,
        NINTH_DAY,
        [accepted(R2, "a2"), reserve(BOB, R4, "b9")],
        [one_click(ANN), reserve(ANN, R1, "a9")],
        policy=HOLD_SENDER,
    ),
    Situation(
        "two accounts, two campaigns, one deadline",
        (
            *TEAM,
            (NOW, [connect(CLEO), create(ANN, CLEO, campaign=SUMMER), start(SUMMER)]),
            (MINUTE, [fail(ANN), fail(BOB)]),
        ),
        NINTH_DAY,
        [one_click(BOB), disconnect(CLEO)],
        [TICK, remove_sender(BOB, 1)],
    ),
]

LONGER = [
    Situation(
        "three steps each around the ninth day",
        FAILED_IN_FLIGHT,
        NINTH_DAY,
        [one_click(ANN), resume(), reserve(ANN, R1, "a9")],
        [accepted(R2, "a2"), TICK, remove_sender(ANN, 1)],
    ),
    Situation(
        "three steps each around the hour",
        GONE_IN_FLIGHT,
        HOUR_IS_OVER,
        [connect(ANN), add_sender(ANN), resume()],
        [unknown(R2, "a2"), TICK, resume(without=[ANN])],
    ),
    Situation(
        "a failure while the hour runs",
        (*BACK, (3 * MINUTE, fail(ANN))),
        HOUR_IS_OVER,
        [one_click(ANN), add_sender(ANN), fail(ANN)],
        [disconnect(ANN), connect(ANN), TICK],
        around=(-MICROSECOND, NOW, MICROSECOND, DAY),
    ),
]


@pytest.mark.rule("S6", "S7", "S8", "F2")
@pytest.mark.parametrize(
    ("situation", "optimistic"),
    [
        *((each, False) for each in SITUATIONS),
        *((each, True) for each in (SITUATIONS[0], SITUATIONS[6])),
    ],
    ids=lambda each: each.name if isinstance(each, Situation) else each,
)
def test_every_interleaving_and_every_crash_keeps_the_law(
    situation: Situation, optimistic: bool
) -> None:
    explorer = Explorer(situation, optimistic=optimistic)

    explorer.explore()

    print(_counted(explorer))  # noqa: T201 how much was explored
    assert explorer.histories > 1_000
    assert explorer.repeated > 100
    assert explorer.outcomes > 20
    assert (explorer.from_memory > 20) == optimistic


@pytest.mark.soak
@pytest.mark.rule("S6", "S7", "S8", "F2")
@pytest.mark.parametrize("situation", LONGER, ids=lambda each: each.name)
@pytest.mark.parametrize("optimistic", [False, True], ids=["locked", "from memory"])
def test_every_longer_interleaving_and_every_crash_keeps_the_law(
    situation: Situation, optimistic: bool
) -> None:
    explorer = Explorer(situation, optimistic=optimistic)

    explorer.explore()

    print(_counted(explorer))  # noqa: T201 how much was explored
    assert explorer.histories > 10_000


def _counted(explorer: Explorer) -> str:
    name, histories = explorer.situation.name, explorer.histories
    return f"{name}: {histories} histories, {explorer.outcomes} different logs"
