"""Short stories that chance alone seldom tells: each makes one of the law's narrow situations."""

from collections.abc import Callable, Sequence
from itertools import chain
from random import Random
from typing import Any, NamedTuple

from tests.simulation.vocabulary import ACCOUNTS, DEADLINE, DUE, PEOPLE, campaign, settings

HOUR, DAY = 3_600.0, 86_400.0
HANGS = (12, 40, 55, 55, 100, 700)
"""Seconds. A lease lasts 30, and a message that was reserved 60 ago is not submitted."""
CALMS = (900, 1_800, 26 * HOUR, 4 * DAY)
JUST = (-1.0, -1e-6, 0.0, 1e-6, 1.0)


class Act(NamedTuple):
    leap: float
    kind: str
    told: dict[str, Any]
    off: float = 0.0
    """Of a leap to what falls due."""


Scene = Callable[[Random], Sequence[Act]]


def _due(random: Random, kind: str, told: dict[str, Any]) -> Act:
    return Act(DUE, kind, told, random.choice(JUST))


def _at_deadline(random: Random, kind: str, told: dict[str, Any]) -> Act:
    return Act(DEADLINE, kind, told, random.choice(JUST))


def when(random: Random, commits: int | None = None) -> dict[str, Any]:
    """A fault comes after so many pauses, or soon after a commit that follows so many others."""
    commits = random.choice((None, None, None, 0, 1, 3)) if commits is None else commits
    pauses = random.randrange(40) if commits is None else random.choice((0, 0, 0, 1, 2, 3, 4))
    return {"pauses": pauses, "commits": commits}


def _calm(random: Random) -> Act:
    return Act(1, "calm", {"seconds": random.choice(CALMS)})


def _account(random: Random) -> dict[str, Any]:
    return {"account": random.choice(ACCOUNTS)}


def _trouble(random: Random, about: dict[str, Any]) -> list[Act]:
    """A failure or a disconnect."""
    if random.random() < 0.5:
        return [Act(1, "disconnect", about)]
    return [Act(1, "revoke", {**about, "class": "auth_revoked"}), Act(0.5, "test", about)]


def _cured(random: Random, about: dict[str, Any], which: int) -> list[Act]:
    """Reconnected whichever way, and added again."""
    return [
        Act(random.choice((1, 1_500)), "heal", about),
        Act(0.2, "reconnect", {**about, "refusal": None}),
        Act(0.2, "connect", {**about, "settings": settings(random)}),
        Act(2, "add_sender", {**about, "which": which}),
    ]


def in_flight(random: Random) -> Sequence[Act]:
    """S8: first messages are on their way while clocks run out, and no worker can say anything."""
    days = random.choice((0, 8.5, 10))
    lasts = days * DAY + 2 * HOUR
    workers = ("worker-0", "worker-1")
    hangs = [{"process": each, "pauses": random.randrange(60), "seconds": 60} for each in workers]
    abouts = [{"account": each} for each in ACCOUNTS]
    troubled = [
        [Act(0.1, "revoke", {**each, "class": "auth_revoked"}), Act(0.5, "test", each)]
        if days
        else [Act(0.5, "disconnect", each)]
        for each in abouts
    ]
    return [
        Act(1, "create", _sending_at_once(random)),
        *(Act(0, "hang", each) for each in hangs),
        Act(random.choice((2, 9)), "suppress", {"person": random.choice(PEOPLE)}),
        *(Act(0, "cut", {"process": each, "seconds": lasts}) for each in workers),
        *chain.from_iterable(troubled),
        _due(random, "suppress", {"person": random.choice(PEOPLE)}),
        Act(lasts, "mend", {"settings": settings(random)}),
    ]


def two_step(random: Random) -> Sequence[Act]:
    """T2-T5: re-added in time, or just too late."""
    about, which = _account(random), random.randrange(100)
    again = [
        Act(random.choice((5, 1_500)), "connect", {**about, "settings": settings(random)}),
        _due(random, "add_sender", {**about, "which": which}),
        Act(0.5, "add_sender", {**about, "which": which + 1}),
    ]
    twice = [again[0], Act(random.choice((100, 400)), "disconnect", about)]
    return [
        Act(1, "disconnect", about),
        *(twice if random.random() < 0.4 else []),
        *again,
        _at_deadline(random, "resume", _resume(random, which)),
        *([_calm(random)] if random.random() < 0.3 else []),
    ]


def _resume(random: Random, which: int) -> dict[str, Any]:
    return {"which": which, "without": random.random() < 0.5}


def nine_days(random: Random) -> Sequence[Act]:
    """N1, C6, S2: reminders, and a cure at the very end."""
    about, which = _account(random), random.randrange(100)
    leaps = (1.0, 3 * DAY, 4 * DAY, DAY)[: random.choice((1, 3, 4, 4, 4))]
    asked = [
        Act(DEADLINE, "ask_for_a_check", about, random.choice((-30.0, *JUST))),
        Act(0.5, "import", {"which": which, "people": ["later"]}),
        Act(0.5, "heal", about),
    ]
    cured = [_at_deadline(random, "heal", about), Act(0, "test", about)]
    late = [Act(random.choice((0.2, 30)), "test", about)]
    return [
        Act(1, "revoke", {**about, "class": "auth_revoked"}),
        Act(0.5, "test", about),
        *chain.from_iterable(
            [Act(leap, "import", {"which": which, "people": ["late"]})]
            + ([Act(1, "calm", {"seconds": CALMS[0]})] if random.random() < 0.3 else [])
            for leap in leaps
        ),
        *random.choice(([], [_calm(random)], asked, cured, asked + late)),
        *(_due(random, "resume", _resume(random, which)) for _ in range(2)),
    ]


def missed_thrice(random: Random) -> Sequence[Act]:
    """C2: three misses of a server that cannot be reached, the last late enough."""
    about = _account(random)
    return [
        Act(1, "revoke", {**about, "class": "unreachable"}),
        *(Act(random.choice((300, 901)), "ask_for_a_check", about) for _ in range(6)),
        *_cured(random, about, random.randrange(100)),
    ]


def moved_here(random: Random) -> Sequence[Act]:
    """M1, S3: who was written to by another program, and whose account then fails."""
    about, which = _account(random), random.randrange(100)
    moved = [
        {"which": which, "person": each, **about, "step": "intro"}
        for each in random.sample(PEOPLE, 3)
    ]
    return [
        *(Act(0.2, "migrate", each) for each in moved),
        *_trouble(random, about),
        _due(random, "together", {"people": []}),
        *_cured(random, about, which),
    ]


def restored(random: Random) -> Sequence[Act]:
    """M6: a backup comes back while something is due, on its way, or was answered since."""
    about, which = _account(random), random.randrange(100)
    answers = {"letter": 1, "letters": 12, "kind": "unsubscribe", "days": None, "twice": False}
    expired = [Act(DEADLINE, "import", {"which": which, "people": ["r4"]}, 1.0)]
    return [
        *_trouble(random, about),
        *(expired if random.random() < 0.3 else []),
        Act(random.choice((0.2, 30)), "back_up", {}),
        *(_cured(random, about, which) if random.random() < 0.6 else []),
        Act(1, "resume", _resume(random, which)),
        Act(random.choice((60, 2 * HOUR)), "letter", answers),
        Act(
            random.choice((1, 400)),
            "restore",
            {"after": random.choice((700, 4_000)), "confirm": random.random() < 0.5},
        ),
        Act(random.choice((1, 60)), "import", {"which": which, "people": ["r1", "r2"]}),
        Act(HOUR, "together", {"people": ["r3"]}),
    ]


def away(random: Random) -> Sequence[Act]:
    """M5: out of office, twice, with the next step due meanwhile."""
    letter = {"letter": random.randrange(24), "letters": 12, "kind": "auto_reply", "twice": False}
    days = random.sample((1, 2, 6, 12), 2)
    return [
        *(Act(5, "letter", {**letter, "days": each}) for each in days),
        *(Act(DAY, "resume", _resume(random, each)) for each in range(3)),
        _due(random, "resume", _resume(random, 0)),
    ]


def never_again(random: Random) -> Sequence[Act]:
    """M7: suppressed in one way, imported in another."""
    which = random.randrange(100)
    people = random.sample(PEOPLE, 3)
    ways = ("unsubscribe", "complaint", "bounce")
    letter = {"letter": random.randrange(24), "letters": 4, "days": None, "twice": False}
    return [
        Act(1, "suppress", {"person": people[0]}),
        Act(1, "letter", {**letter, "kind": random.choice(ways)}),
        Act(60, "forget", {"person": people[1]}),
        *(Act(1, "import", {"which": which + n, "people": list(PEOPLE[:60])}) for n in range(3)),
        Act(1, "release", {"person": people[0]}),
    ]


def taken_over(random: Random) -> Sequence[Act]:
    """M2: a worker hangs while it sends, and another one has its mail by the time it goes on."""
    letter = {"letter": 0, "letters": 1, "kind": "auto_reply", "days": None, "twice": False}
    hangs = [
        {"process": "mail", "seconds": random.choice((40, 55)), **when(random)} for _ in range(2)
    ]
    return [
        Act(1, "create", _sending_at_once(random)),
        *chain.from_iterable(
            [Act(random.choice((0, 0.5, 2)), "hang", each)]
            + [Act(leap, "letter", letter) for leap in (20, 12, 6, 6)]
            for each in hangs
        ),
    ]


def _sending_at_once(random: Random, people: int = 20) -> dict[str, Any]:
    number = random.randrange(1_000, 9_000)
    told = campaign(random, number, "UTC") | {"campaign": f"d{number}"}
    told |= {"slot": None, "senders": [0, 1, 2], "people": sorted(random.sample(PEOPLE, people))}
    told["sequence"] |= {"window": None, "daily_limit": None}
    return told


def crashed(random: Random) -> Sequence[Act]:
    """M2, M5: a worker ends while it sends or reads, and is not followed by much."""
    which, letters = random.randrange(24), {"letters": 4, "days": None, "twice": False}
    kinds = ("reply", "auto_reply", "unsubscribe", "bounce")
    crash = {"process": "mail", "commits": None}
    sending = {**crash, **when(random, random.randrange(5))}
    created, later = _sending_at_once(random), random.choice((HOUR, DAY))
    created["sequence"]["steps"] = [
        {"name": "intro", "after": 0},
        {"name": "nudge", "after": later},
    ]
    return [
        *(
            act
            for number in range(3)
            for act in (
                Act(70, "crash", {**crash, "pauses": random.randrange(14)}),
                Act(0, "letter", {"letter": which, "kind": random.choice(kinds), **letters}),
                Act(70 + number, "together", {"people": []}),
            )
        ),
        Act(1, "create", created),
        *([Act(0, "crash", sending)] if random.random() < 0.5 else []),
        Act(later, "crash", sending),
        _calm(random),
    ]


def greylisting(random: Random) -> Sequence[Act]:
    """M8: refused for two days, or held for the provider's limit."""
    about = _account(random)
    alone = {"senders": [ACCOUNTS.index(about["account"])]}
    return [
        Act(1, "server_limit", {**about, "limit": random.choice((0, 1))}),
        Act(1, "create", _sending_at_once(random) | alone),
        *(Act(HOUR, "resume", _resume(random, each)) for each in range(6)),
        Act(1, "server_limit", {**about, "limit": None}),
    ]


def passed_on(random: Random) -> Sequence[Act]:
    """M1, M8, S10: whoever was refused for a while goes to another sender."""
    created = _sending_at_once(random, 5)
    about = {"which": created["campaign"], "right": True}
    return [
        *(Act(0.2, "greylist", {"account": each, "seconds": 200}) for each in ACCOUNTS),
        Act(1, "create", created),
        *(Act(60, "remove_sender", {**about, "account": each}) for each in ACCOUNTS[:2]),
        _calm(random),
    ]


def bounced(random: Random) -> Sequence[Act]:
    """M8: a little too many bounces, or not quite."""
    created = _sending_at_once(random, 60)
    letter = {"kind": "bounce", "days": None, "twice": False}
    many = [
        {**letter, "letter": 3 * each, "letters": 1} for each in range(random.choice((3, 4, 5)))
    ]
    return [Act(1, "create", created), Act(HOUR, "letter", many[0])] + [
        Act(5, "letter", each) for each in many[1:]
    ]


def all_well(random: Random) -> Sequence[Act]:
    """Somebody puts everything right, and all goes on by itself."""
    return [Act(1, "mend", {"settings": settings(random)}), _calm(random), _calm(random)]


SCENES: tuple[Scene, ...] = (
    in_flight,
    two_step,
    nine_days,
    missed_thrice,
    moved_here,
    restored,
    restored,
    away,
    never_again,
    taken_over,
    crashed,
    greylisting,
    passed_on,
    bounced,
    all_well,
)
