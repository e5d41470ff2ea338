"""How long a server asks to be left alone."""

from datetime import timedelta

import pytest

from adapters.mail.back_off import LONGEST, asked_for

NAMED = {
    "NO [LIMIT] Too many logins, try again in 15 minutes": timedelta(minutes=15),
    "454 4.7.0 Too many attempts. Please retry after 30s": timedelta(seconds=30),
    "421 Try again in 1 hour": timedelta(hours=1),
    "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds": timedelta(
        milliseconds=299_961
    ),
    "429 Too Many Requests\nRetry-After: 120": timedelta(minutes=2),
    "450 Wait 90 sec": timedelta(seconds=90),
    "NO Account locked for 3 hrs": timedelta(hours=3),
    "421 try again in 999999999 hours": LONGEST,
}


@pytest.mark.parametrize("text", NAMED)
def test_a_time_that_is_named_is_understood(text: str) -> None:
    assert asked_for(text) == NAMED[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "421 Try again later",
        "535 5.7.8 Authentication failed",
        "NO Try again, error 15 mailboxes",
        "421 4.7.0 Try again later 10.0.0.1",
        "retry " * 100_000,
        "later " + "9" * 100_000,
    ],
)
def test_where_none_is_named_there_is_none(text: str) -> None:
    assert asked_for(text) is None
