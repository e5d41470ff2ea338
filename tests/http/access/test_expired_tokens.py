"""A token ends when it was made to, whoever used it a moment before."""

import time
from datetime import timedelta

import requests

from adapters.composition.access import tokens_of
from adapters.http.credentials import KNOWN_FOR
from engine.work.api_tokens import ApiToken, make
from engine.work.permissions import Role
from tests.http.access.conftest import Office


def test_a_token_that_has_expired_is_refused(place: Office) -> None:
    now = place.clock()
    wanted = ApiToken("short", Role.VIEWER, None, now, now + timedelta(hours=1))
    told = {"Authorization": f"Bearer {make(tokens_of(place.program.opened), wanted).reveal()}"}

    def status() -> int:
        return requests.get(f"{place.url}/v1/accounts", headers=told, timeout=30).status_code

    place.clock.time += timedelta(minutes=59)
    assert status() == 200
    place.clock.time += timedelta(minutes=1)
    ends = time.monotonic() + 30 * KNOWN_FOR
    while status() != 401:
        assert time.monotonic() < ends
