"""A door whose store's clock can be moved, and browsers without a window."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from adapters.composition.access import staff_of
from adapters.composition.programs import Program, engine_over
from adapters.composition.serving_http import http_served
from adapters.settings.loading import load_settings
from adapters.stores.opening import opened_file
from adapters.stores.sqlite import SQLiteStore
from engine.ports.clock import ManualClock
from engine.work.permissions import Role
from engine.work.staff import Member, kept_form
from tests.law.story import NOON
from tests.workplace import ACME, much_happens, on_file

PASSWORD = "correct horse battery staple"  # noqa: S105 of the tests' own staff


class Office(NamedTuple):
    url: str
    program: Program
    clock: ManualClock
    said: str
    """What the server printed when it began."""

    def browser(self) -> requests.Session:
        found = requests.Session()
        found.trust_env = False
        return found

    def signed_in(self, name: str = "ann", password: str = PASSWORD) -> requests.Session:
        found = self.browser()
        answer = found.post(f"{self.url}/sign-in", {"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return found


@contextmanager
def office(path: Path, capture: pytest.CaptureFixture[str], **more: Any) -> Iterator[Office]:
    workplace = much_happens(on_file(path))
    workplace.store.close()
    clock = ManualClock(NOON.replace(month=4))
    settings = load_settings(store=path, workspace=ACME, http="127.0.0.1:0", **more)
    opened = opened_file(SQLiteStore(path, clock), settings.witness_folder)
    program = Program(settings, opened, engine_over(opened, settings))
    try:
        with http_served(program) as port:
            said = capture.readouterr().out
            yield Office(f"http://127.0.0.1:{port}", program, clock, said)
    finally:
        opened.close()


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    """Ann may do everything, Vic may look."""
    with office(tmp_path / "ledger.db", capsys) as found:
        staff = staff_of(found.program.opened)
        form = kept_form(PASSWORD)
        staff.add(Member("ann", Role.ADMIN, None, form))
        staff.add(Member("vic", Role.VIEWER, None, form))
        yield found
