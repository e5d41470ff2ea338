"""Requests wrong in every way are their callers' fault, and the server stays well."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from engine.work.permissions import Role
from tests.http.api.test_who_may_what import GATED
from tests.http.commands.callers import Door, token
from tests.http.mutating import Wrong, mutated, status_of

ANN = "ann@acme.test"
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/campaigns"): {"campaign_id": "autumn", "from_email": [ANN]},
    ("POST", "/campaigns/spring/senders"): {"account_id": ANN},
    ("PATCH", f"/accounts/{ANN}/settings"): {"sending_speed": 7, "limits": {"gap": 60}},
    ("POST", "/what-if"): {"insert": [f"connect {ANN} in s1 at 2026-03-02T12:40:00Z"]},
    ("PUT", "/saved-filters/1"): {"query": "type=RecipientStopped"},
}
CALLERS = 8
MEGABYTE = 1 << 20


def _right(house: Door) -> list[Wrong]:
    """One of every route, half of them by an administrator, half by an auditor."""
    tokens = [
        token(house.program, role, role, "acme").encode() for role in (Role.ADMIN, Role.AUDITOR)
    ]
    found = []
    for number, each in enumerate([each for each in GATED for _ in tokens]):
        body = BODIES.get((each.method, each.path), {})
        headers = (
            b"Host: 127.0.0.1",
            b"Content-Type: application/json",
            b"Idempotency-Key: k%d" % number,
            b"Authorization: Bearer " + tokens[number % 2],
        )
        is_told = each.method != "GET"
        octets = json.dumps(body).encode() if is_told else None
        found.append(Wrong(each.method.encode(), f"/v1{each.path}".encode(), headers, octets))
    return found


def _stormed(house: Door, right: list[Wrong], count: int, seed: int) -> Counter[int | None]:
    by = Random(seed)
    sent = (mutated(by.choice(right), by) for _ in range(count))
    statuses: Counter[int | None] = Counter()
    broken: list[tuple[int, bytes]] = []
    asked = partial(status_of, house.port)
    with ThreadPoolExecutor(CALLERS) as pool:
        while some := [*islice(sent, 50 * CALLERS)]:
            for each, status in zip(some, pool.map(asked, some), strict=True):
                statuses[status] += 1
                if status is not None and status >= 500:
                    broken.append((status, each.octets[:700]))
    assert broken == []
    return statuses


def _is_well(house: Door) -> None:
    caller = house.caller("after")
    assert caller.get("/accounts").status == 200
    assert caller.get("/checks").body["clean"] is True
    caller.close()


def test_two_thousand_wrong_requests_break_nothing(house: Door) -> None:
    """F1, F2"""
    statuses = _stormed(house, _right(house), 1_000, seed=1)
    assert {200, 400, 401, 403, 404, 422} <= {*statuses}
    assert statuses[None] < 250
    _is_well(house)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_a_hundred_thousand_wrong_requests_break_nothing_and_take_no_memory(house: Door) -> None:
    """F1, F2"""
    right = _right(house)
    _stormed(house, right, 20_000, seed=2)
    before = _resident()
    _stormed(house, right, 80_000, seed=3)
    assert _resident() - before < 64 * MEGABYTE
    _is_well(house)


def _resident() -> int:
    """Octets of this process, which the server is a thread of."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096
