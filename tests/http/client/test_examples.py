"""The programs of ``examples/client`` are run as they are shipped."""

import os
import re
import subprocess
import sys

from sendledger_client import Client

from engine.work.permissions import Role
from tests.client_module import MODULE
from tests.http.commands.callers import Door, token
from tests.law.story import BOB, SPRING, fail
from tests.workplace import ACME


def run(house: Door, role: Role, *program: str) -> str:
    own = {
        **os.environ,
        "PYTHONPATH": str(MODULE.parent),
        "SENDLEDGER_TOKEN": token(house.program, "example", role, ACME),
        "SENDLEDGER_ADDRESS": f"http://127.0.0.1:{house.port}",
    }
    done = subprocess.run(
        [sys.executable, *program], env=own, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def at_risk(house: Door) -> str:
    script = str(MODULE.with_name("at_risk.py"))
    return run(house, Role.VIEWER, script, f"http://127.0.0.1:{house.port}", ACME)


def test_who_is_at_risk_is_told_with_the_cheapest_cure(house: Door, client: Client) -> None:
    """S1, S2."""
    house.given(fail(BOB))
    clock = next(each for each in client.now()["clocks"] if each["account_id"] == BOB)
    said = at_risk(house)
    assert clock["at_stake"] > 0
    assert f"{SPRING}: {clock['at_stake']} stop in " in said
    assert f"One-Click Reconnect {BOB}" in said


def test_the_page_does_what_it_says(house: Door) -> None:
    page = MODULE.with_name("README.md").read_text("utf-8")
    [text] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    said = run(house, Role.ADMIN, "-c", text)
    assert "428 preview_required" in said
    assert "recorded: 1" in said
    assert "first of all: 00000000000000000001" in said
