"""Passwords come in and nowhere out: no log, no answer, no error, no row (F1)."""

import logging

import pytest

from tests.http.commands.callers import Caller, Door
from tests.law.story import ANN

PLANTED = "planted-7c1f-secret"
GOOD = {"account_id": ANN, "slot_id": "s1", "imap": "127.0.0.1:1", "smtp": "127.0.0.1:1"}


@pytest.mark.parametrize(
    "told",
    [
        {**GOOD, "password": PLANTED},
        {**GOOD, "password": {"deep": PLANTED}},
        {**GOOD, "password": PLANTED, "nonsense": PLANTED},
        {**GOOD, "password": PLANTED * 1_000},
        {**GOOD, "provider": PLANTED},
        {**GOOD, "account_id": "nobody", "password": PLANTED},
    ],
)
def test_a_planted_password_is_nowhere(
    ops: Caller,
    house: Door,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    told: dict[str, object],
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [ops.do("/accounts", told, "k1"), ops.do("/accounts", told, "k1")]
    page = house.program.opened.store.read(0, 1_000)
    envelopes = [str(each) for each in page.envelopes]
    kept = _kept(house)

    assert {each.status for each in answers} & {409, 422, 500, 503}
    for text in (*(each.text for each in answers), caplog.text, *capfd.readouterr(), *envelopes):
        assert PLANTED not in text
    assert PLANTED not in str(page.rows)
    assert PLANTED not in kept


def _kept(house: Door) -> str:
    with house.program.opened.beside.reading() as c:
        return str(c.execute("SELECT * FROM http_requests").fetchall())
