"""The document against the server: every answer is one that it names, whoever asks."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.work.permissions import Role
from tests.http.commands.callers import Door, token

READERS = (Role.VIEWER, Role.AUDITOR, Role.CONSUMER)
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
ENDLESS_OR_SLOW = "/feed/stream|/what-if|/checks"


@pytest.mark.parametrize(
    ("product", "role"),
    [("sqlite", Role.ADMIN), ("postgresql", Role.ADMIN), *(("sqlite", each) for each in READERS)],
)
def test_no_request_is_answered_otherwise_than_documented(house: Door, role: Role) -> None:
    """And whoever may only read changes nothing."""
    store = house.program.opened.store
    before = store.last_entry()
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"http://127.0.0.1:{house.port}/openapi.json",
            f"--header=Authorization: Bearer {token(house.program, 'any', role, None)}",
            f"--exclude-path-regex={ENDLESS_OR_SLOW}",
            f"--checks={CHECKS},response_schema_conformance",
            "--phases=coverage,fuzzing,stateful" if role is Role.ADMIN else "--phases=fuzzing",
            "--max-examples=3",
            "--seed=1",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-8_000:]
    if role in READERS:
        assert store.last_entry() == before
