"""Who else there is in some seeds, beside what their plan tells: consumers of the topic."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Told = dict[str, Any]
Happening = tuple[str, Told]
MEMBERS = ("consumer-0", "consumer-1")
SHARE_WITH_CONSUMERS = 0.5


def beside(seed: str) -> Iterator[Sequence[Happening]]:
    """What happens before each item of a plan. The items are as they are without it."""
    random = Random(f"company {seed}")
    found = [consumers(random)] if random.random() < SHARE_WITH_CONSUMERS else []
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
