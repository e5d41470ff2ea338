"""What a seed tells: acts of people, servers and operators, and faults, with the time between them.

A plan is data alone. Leaving an item out changes nothing of the others, so that a failing plan can
be made smaller.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from tests.proof.stories import CHANGES
from tests.simulation.company import beside
from tests.simulation.machine import BEGINNING
from tests.simulation.scenes import CALMS, HANGS, SCENES, Scene, restored, when
from tests.simulation.vocabulary import (
    ACCOUNTS,
    DUE,
    LEAPS,
    LONG_LEAPS,
    MANNERS,
    PEOPLE,
    TROUBLES,
    WORKSPACES,
    ZONES,
    campaign,
    sequence,
    settings,
)


class Item(NamedTuple):
    leap: float
    """Seconds after the item before; ``DUE``, and then ``off`` it."""
    kind: str
    told: dict[str, Any]
    workspace: str = WORKSPACES[0]
    off: float = 0.0


def _account(random: Random) -> dict[str, Any]:
    return {"account": random.choice(ACCOUNTS)}


def _campaign(random: Random) -> dict[str, Any]:
    return {"which": random.randrange(100)}


def _person(random: Random) -> dict[str, Any]:
    return {"which": random.randrange(100), "person": random.choice(PEOPLE)}


def _letter(random: Random) -> dict[str, Any]:
    return {
        "letter": random.randrange(1_000),
        "letters": random.choice((1, 1, 1, 2, 12)),
        "kind": random.choice(
            ("reply", "reply", "bounce", "unsubscribe", "complaint", "auto_reply", "auto_reply")
        ),
        "days": random.choice((None, 1, 3, 12)),
        "twice": random.random() < 0.2,
    }


def _nothing(_: Random) -> dict[str, Any]:
    return {}


Draw = Callable[[Random], dict[str, Any]]
ACTS: dict[str, tuple[int, Draw]] = {
    "letter": (14, _letter),
    "one_click_unsubscribe": (2, lambda r: {"letter": r.randrange(1_000)}),
    "disconnect": (4, _account),
    "connect": (3, lambda r: {**_account(r), "settings": settings(r)}),
    "revoke": (4, lambda r: {**_account(r), "class": r.choice(("auth_revoked", "unreachable"))}),
    "change_password": (2, _account),
    "heal": (5, _account),
    "reconnect": (
        5,
        lambda r: {**_account(r), "refusal": r.choice((None,) * 3 + ("insufficient_scope",))},
    ),
    "test": (3, _account),
    "ask_for_a_check": (1, _account),
    "create": (4, _nothing),
    "start": (2, _campaign),
    "pause": (3, _campaign),
    "resume": (6, lambda r: {**_campaign(r), "without": r.random() < 0.4}),
    "add_sender": (5, lambda r: {**_campaign(r), **_account(r)}),
    "remove_sender": (2, lambda r: {**_campaign(r), **_account(r), "right": r.random() < 0.8}),
    "import": (5, lambda r: {**_campaign(r), "people": r.sample(PEOPLE, 3)}),
    "migrate": (2, lambda r: {**_person(r), **_account(r), "step": r.choice(("intro", "nudge"))}),
    "assign": (2, lambda r: {**_person(r), **_account(r)}),
    "edit": (2, lambda r: {**_campaign(r), "sequence": sequence(r)}),
    "settings": (2, lambda r: {**_account(r), "settings": settings(r)}),
    "suppress": (2, lambda r: {"person": r.choice(PEOPLE)}),
    "release": (1, lambda r: {"person": r.choice(PEOPLE)}),
    "forget": (3, lambda r: {"person": r.choice(PEOPLE)}),
    "mend": (6, lambda r: {"settings": settings(r)}),
    "repeat": (3, _nothing),
    "together": (5, lambda r: {"people": r.sample(PEOPLE, r.randrange(20))}),
    "silence": (3, lambda r: {**_account(r), "seconds": r.choice((60, 900, 7_200, 90_000))}),
    "greylist": (1, lambda r: {**_account(r), "seconds": r.choice((200, 2_000, 90_000))}),
    "calm": (2, lambda r: {"seconds": r.choice(CALMS)}),
    "server_limit": (2, lambda r: {**_account(r), "limit": r.choice((None, None, 1, 3))}),
    "receiver": (3, lambda r: {"manner": r.choice(("takes", "takes", *MANNERS))}),
    "notices_fail": (2, lambda r: {"times": r.randrange(1, 4)}),
}
RESTORES = ("back_up", "restore")
SHARES = (0, 0.5, 1, 1, 1, 4)
"""By how much each act is more or less frequent in one seed than in others."""
PROCESSES = ("worker-0", "worker-1", "front-0", "front-1", "teller-0", "teller-1")
MOSTLY_FOUR = (*PROCESSES[:4] * 2, *PROCESSES, "mail", "mail")
FAULTS: dict[str, tuple[int, Draw]] = {
    "crash": (8, lambda r: {"process": r.choice(MOSTLY_FOUR), **when(r)}),
    "lose": (8, lambda r: {"process": r.choice(MOSTLY_FOUR), "after": r.random() < 0.6}),
    "hang": (
        2,
        lambda r: {
            "process": r.choice((*PROCESSES, "mail")),
            "seconds": r.choice(HANGS),
            **when(r),
        },
    ),
    "cut": (4, lambda r: {"process": r.choice(PROCESSES), "seconds": r.choice((5, 40, 300))}),
    "full_disk": (3, lambda r: {"seconds": r.choice((0.5, 5, 60))}),
    "set_clock": (3, lambda r: {"by": r.choice((-3_600, -90, -1, 1, 60, 240))}),
    "back_up": (3, _nothing),
    "restore": (
        2,
        lambda r: {"after": r.choice((700, 5_000, 90_000)), "confirm": r.random() < 0.7},
    ),
}


class Plan(NamedTuple):
    seed: str
    beginning: datetime
    """Often some hours before clocks change somewhere."""
    troubles: dict[str, int]
    items: list[Item]
    store: str = "memory"


def plan_of(seed: str, steps: int) -> Plan:
    random = Random(f"plan {seed}")
    troubles = {each: random.choice((0, 0, 1, 4, 7, 15)) for each in TROUBLES}
    faulty = random.choice((0.0, 0.1, 0.25, 0.4))
    beginning, zone = random.choice((*CHANGES, (BEGINNING, ZONES[0]), (BEGINNING, ZONES[1])))
    beginning -= timedelta(hours=random.choice((0, 0, 3, 24, 80)))
    items = _items(random, steps, faulty, zone)
    return Plan(seed, beginning, troubles, list(_in_company(seed, items)))


def _in_company(seed: str, items: Iterator[Item]) -> Iterator[Item]:
    for happens, each in zip(beside(seed), items, strict=False):
        yield from (Item(0, kind, told, each.workspace) for kind, told in happens)
        yield each


def _items(random: Random, steps: int, faulty: float, zone: str) -> Iterator[Item]:
    workspaces = WORKSPACES[: random.choice((1, 2))]
    for workspace in workspaces:
        for account in ACCOUNTS:
            yield Item(1, "connect", {"account": account, "settings": settings(random)}, workspace)
        for number in range(2):
            yield Item(2, "create", campaign(random, number, zone), workspace)
    slow = random.choice((1, 1, 2))
    often = random.choice((0.0, 0.1, 0.2))
    scenes, faults = _scenes_and_faults(random)
    favoured = {kind: weight * random.choice(SHARES) for kind, (weight, _) in ACTS.items()}
    number = 0
    while number < steps:
        number += 1
        if random.random() < often:
            workspace = random.choice(workspaces)
            for act in random.choice(scenes)(random):
                yield Item(act.leap, act.kind, act.told, workspace, act.off)
                number += 1
            if random.random() < 0.3:
                yield Item(1, "calm", {"seconds": CALMS[0]}, workspace)
            continue
        table, weights = (FAULTS, faults) if random.random() < faulty else (ACTS, favoured)
        (kind,) = random.choices(list(weights), list(weights.values()))
        told: dict[str, Any] = table[kind][1](random)
        if kind == "create":
            told = campaign(random, number + 2, zone)
        if kind == "import":
            more = random.choice((1, 8, 30, 100))
            told["people"] += [f"n{number}-{each}" for each in range(more)]
        off = random.choice((-1e-6, 0.0, 1e-6, 1, -1, 30))
        yield Item(_leap(random, slow), kind, told, random.choice(workspaces), off)


def _scenes_and_faults(random: Random) -> tuple[list[Scene], dict[str, float]]:
    """A seed has a favourite of each. Few know a backup: of what is lost little can be judged."""
    favourite, scene = random.choice([*FAULTS]), random.choice(SCENES)
    restores = favourite in RESTORES or scene is restored or random.random() < 0.1
    scenes = [each for each in SCENES if restores or each is not restored]
    faults = {kind: float(weight) for kind, (weight, _) in FAULTS.items()}
    faults |= {} if restores else dict.fromkeys(RESTORES, 0.0)
    faults[favourite] *= 6
    return [*scenes, *[scene] * len(scenes)], faults


def _leap(random: Random, slow: int) -> float:
    drawn = random.random()
    if drawn < 0.12:
        return DUE
    return random.choice(LONG_LEAPS if drawn > 1 - 0.03 * slow else LEAPS)
