"""Fixed seeds of the simulation hold, and give the same hash wherever they run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.audit.books import Books, Campaign
from events.recorded import Envelope
from events.vocabulary import CampaignStatus
from tests.simulation.machine import BEGINNING
from tests.simulation.plan import ACTS, FAULTS, plan_of
from tests.simulation.planting import ROOT, applied, hunted, patches
from tests.simulation.refusals import false_claim
from tests.simulation.run import told
from tests.simulation.shrinking import shrunk, written
from tests.simulation.vocabulary import DUE

SEEDS = ("3", "6", "13", "101", "102", "104")
STEPS = 100
SHORT, SOAK = 30.0, 1_800.0
"""Seconds of processor time."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_holds(seed: str) -> None:
    run = told(plan_of(seed, STEPS))

    assert run.violation == ""
    assert run.commands > STEPS / 2
    assert run.account_days > 30


def test_seeds_that_follow_hold_as_long_as_there_is_time() -> None:
    _run_for(SHORT, first=20_000)


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK)
def test_many_more_seeds_hold() -> None:
    _run_for(SOAK, first=30_000)


def test_the_same_seed_gives_the_same_hash_again_and_in_another_process() -> None:
    here, again = (told(plan_of("7", 40)).digest for _ in range(2))
    one, other = (_in_a_process("7", hash_seed=each) for each in ("1", "12345"))

    assert here == again
    assert one == other
    assert one.startswith("seed 7: hash ")


def test_seeds_draw_every_fault_and_leap_to_deadlines() -> None:
    items = [item for seed in range(40) for item in plan_of(str(seed), STEPS).items]

    assert FAULTS.keys() | ACTS.keys() <= {each.kind for each in items}
    assert any(each.leap == DUE for each in items)


def test_consumers_and_visitors_are_the_same_in_every_run() -> None:
    """Seed 5 has both."""
    plan = plan_of("5", 60)
    one, other = told(plan), told(plan)

    assert {"consume", "browse", "visit"} <= {each.kind for each in plan.items}
    assert one.violation == ""
    assert one.digest == other.digest
    assert one.faults["answered 200"]


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.stem)
def test_a_planted_bug_still_fits_the_code(patch: Path) -> None:
    applied(patch, ROOT, "--dry-run")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nine_days_are_eight", "S2: due"),
        ("an_attempt_is_not_recorded", "it waits in vain"),
        ("a_consumer_goes_by_the_groups_offsets", "a consumer:"),
        ("any_role_may_do_anything", "the role may not do this"),
    ],
)
def test_a_planted_bug_is_found(name: str, told: str) -> None:
    patch = next(each for each in patches() if each.stem == name)

    found = hunted(patch, minutes=1)

    assert told in found.violation
    assert found.seed


def test_a_refusal_that_says_what_is_not_so_is_found() -> None:
    books = Books("acme", lambda *_: None)
    books.campaigns["c0"] = Campaign("c0", status=CampaignStatus.RUNNING)
    refused = {"code": "campaign_not_running", "message": "", "facts": {"campaign": "c0"}}

    true, false = (
        json.dumps(refused | {"facts": {"campaign": "c0", "status": status}})
        for status in ("running", "paused")
    )

    assert false_claim(books, _envelope("PauseCampaign", true)) == ""
    assert "not so" in false_claim(books, _envelope("PauseCampaign", false))
    assert "not so" in false_claim(books, _envelope("ReserveStep", true))


def _envelope(command: str, rejection: str) -> Envelope:
    return Envelope(
        command_id="1",
        command=command,
        workspace="acme",
        recorded_at=BEGINNING,
        actor="user:dana",
        correlation_id="1",
        causation_id=None,
        first_position=1,
        event_count=0,
        rejection=rejection,
    )


def test_a_plan_that_violates_nothing_stays_as_it_is() -> None:
    run = told(plan_of("14", 30))

    assert shrunk(run).plan == run.plan
    assert written(run.plan).count("\n") == len(run.plan.items)


def _run_for(seconds: float, first: int) -> None:
    until, seed = time.process_time() + seconds, first
    while time.process_time() < until:
        run = told(plan_of(str(seed), STEPS))
        assert run.violation == "", f"seed {seed}, item {run.place}: {run.violation}"
        seed += 1


def _in_a_process(seed: str, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", seed, "--steps", "40"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout.partition(",")[0]
