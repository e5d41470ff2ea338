"""What plans are made of: names, settings, sequences, campaigns."""

from random import Random
from typing import Any

ACCOUNTS = ("ann@acme.test", "bob@acme.test", "cleo@acme.test")
PEOPLE = tuple(f"r{number}" for number in range(1, 61))
WORKSPACES = ("acme", "globex")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
)
WINDOWS: tuple[dict[str, Any] | None, ...] = (
    None,
    None,
    None,
    {"begins": "01:00", "ends": "04:00"},
    {"begins": "22:00", "ends": "02:30"},
    {"days": ("sun", "mon")},
    {"begins": "09:00", "ends": "17:00", "days": ("mon", "tue", "wed", "thu", "fri")},
)
DELAYS = (0, 3_600, 86_400, 3 * 86_400, 5 * 86_400)
LEAPS = (0, 0, 0.2, 1, 1, 30, 59, 90, 400, 1_500, 3_599, 4 * 3_600, 26 * 3_600)
LONG_LEAPS = (3 * 86_400, 9 * 86_400, 40 * 86_400)
DUE = -1.0
"""A leap to just before, at, or just after what falls due next."""
DEADLINE = -2.0
"""A leap to where the workspace's next clock runs out."""
MANNERS = ("takes", "fails", "asks to wait", "wants no more", "its answer is lost")
"""Of a webhook's receiver."""
TROUBLES = (
    "no such mailbox",
    "refused for good",
    "greylisted",
    "throttled",
    "slow server",
    "cut, and never taken",
    "cut, and taken later",
    "taken, and the answer lost",
)


def settings(random: Random) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sending_speed": random.choice((2, 5, 50, 500)),
        "limits": {"gap": random.choice((0, 0, 90, 3_600))},
        "schedule": {"zone": random.choice(ZONES)},
    }
    if random.random() < 0.2:
        told["limits"] |= {"ramp_start": 1, "ramp_step": random.randrange(3)}
    return told


def sequence(random: Random) -> dict[str, Any]:
    steps = [
        {"name": name, "after": 0 if place == 0 else random.choice(DELAYS)}
        for place, name in enumerate(("intro", "nudge", "last")[: random.choice((1, 2, 3, 3))])
    ]
    return {
        "steps": steps,
        "window": random.choice(WINDOWS),
        "daily_limit": random.choice((None, None, None, 2, 20)),
        "exclusive": random.random() < 0.2,
    }


def campaign(random: Random, number: int, zone: str) -> dict[str, Any]:
    return {
        "campaign": f"c{number}",
        "slot": random.choice((None, None, None, 0, 1)),
        "senders": sorted(random.sample(range(len(ACCOUNTS)), random.choice((1, 2, 2, 3)))),
        "people": sorted(random.sample(PEOPLE, random.choice((2, 3, 5, 8, 12, 30, 60)))),
        "zone": random.choice((zone, zone, random.choice(ZONES))),
        "sequence": sequence(random),
    }
