"""What sending survives: connections that break anywhere, and a sender killed at any moment."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from tests.worker.storm import Size, Storm

QUICK = Size(people=60, kills=5, accounts=4)
LONG = Size(people=5_600, kills=200, accounts=16)


@pytest.fixture(params=["sqlite", "postgresql"])
def storm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storm]:
    """On PostgreSQL two workers are there at once."""
    size = LONG if request.node.get_closest_marker("soak") else QUICK
    (tmp_path / "store").mkdir()
    store = str(tmp_path / "store" / "store.db")
    at_once = 1
    if request.param == "postgresql":
        store, at_once = request.getfixturevalue("postgres_url"), 2
    with Sandbox([]) as sandbox, Storm(sandbox, store, tmp_path, size, at_once, seed=11) as storm:
        yield storm


@pytest.mark.kills
@pytest.mark.rule("M1", "M2", "S8")
def test_nobody_gets_a_copy_twice_and_nothing_is_lost_unseen(storm: Storm) -> None:
    storm.rage()
    storm.settle()
    storm.judge()


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.rule("M1", "M2", "S8")
def test_nobody_gets_a_copy_twice_of_ten_thousand(storm: Storm) -> None:
    storm.rage()
    storm.settle()
    sys.stdout.write(f"{dict(storm.judge())}\n")
