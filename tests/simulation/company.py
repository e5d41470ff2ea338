"""Who else there is in some seeds: consumers of the topic, and visitors of the application."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Told = dict[str, Any]
Happening = tuple[str, Told]
MEMBERS = ("consumer-0", "consumer-1")
WEBS = ("web-0", "web-1")
SHARE_WITH_CONSUMERS, SHARE_WITH_VISITORS = 0.5, 0.4
"""Of seeds."""
ROLES = ("operator", "operator", "operator", "session", "support", "viewer")
ASKS = (
    *("read", "read", "start", "pause", "resume", "add", "remove", "remove", "assign"),
    *("reply", "unsubscribe", "suppress", "release", "settings", "settings"),
)
MANNERS = (
    *("plain", "plain", "plain", "twice", "again", "another body", "unasked"),
    *("token of another", "forged", "foreign"),
)


def beside(seed: str) -> Iterator[Sequence[Happening]]:
    """What happens before each item of a plan. The items are as they are without it."""
    random = Random(f"company {seed}")
    drawn = random.random(), random.random()
    found = [consumers(random)] if drawn[0] < SHARE_WITH_CONSUMERS else []
    found += [visitors(random)] if drawn[1] < SHARE_WITH_VISITORS else []
    yield [next(each) for each in found]
    often = random.choice((0.1, 0.3, 0.6))
    while True:
        yield [next(each) for each in found if random.random() < often]


def consumers(random: Random) -> Iterator[Happening]:
    """The group of a seed, and then what happens to it, without an end."""
    yield (
        "consume",
        {
            "at_once": random.choice((1, 5, 500)),
            "poison": random.choice(("block", "pass")),
            "together": random.random() < 0.5,
            "static": random.random() < 0.3,
            "lag": (random.choice((0.05, 5.0, 900.0)), 60.0),
            "notices": random.choice((20.0, 600.0)),
        },
    )
    while True:
        kind, draw = random.choice(HAPPENS)
        yield kind, draw(random)


def _member(random: Random) -> Told:
    return {"process": random.choice(MEMBERS)}


def _hang(random: Random) -> Told:
    seconds = random.choice((7, 90, 3_600))
    return {**_member(random), "pauses": random.randrange(30), "seconds": seconds}


HAPPENS: Sequence[tuple[str, Callable[[Random], Told]]] = (
    *(("crash", lambda r: {**_member(r), "pauses": r.randrange(30)}),) * 4,
    *(("lose", lambda r: {**_member(r), "after": r.random() < 0.5}),) * 2,
    *(("hang", _hang),) * 2,
    ("cut", lambda r: {**_member(r), "seconds": r.choice((3, 40, 900))}),
    ("restart_consumer", _member),
    ("effects_fail", lambda r: {"seconds": r.choice((5, 90, 5_000))}),
    ("back_up_sink", lambda _: {}),
    ("restore_sink", lambda _: {}),
    ("start_over", lambda r: {"position": r.choice((None, r.randrange(2_000)))}),
)


def visitors(random: Random) -> Iterator[Happening]:
    yield "browse", {}
    while True:
        drawn = random.random()
        if drawn < 0.04:
            yield "revoke_token", {"role": random.choice(ROLES[4:])}
        elif drawn < 0.2:
            told = {"process": random.choice(WEBS), "pauses": random.randrange(20)}
            yield "crash", told
        else:
            yield (
                "visit",
                {
                    "role": random.choice(ROLES),
                    "asks": random.choice(ASKS),
                    "manner": random.choice(MANNERS),
                    "waits": random.choice((0.0, 0.0, 0.5, 5.0, 90.0, 601.0)),
                },
            )
