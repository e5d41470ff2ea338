"""A sandbox with Ann's and Bob's mailboxes, and Ann's in trouble."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.model import EngineSettings
from tests.http.commands.callers import Door
from tests.http.commands.callers import door as opened
from tests.http.owners import Owner, Place, door, in_trouble, settings_for
from tests.law.story import ANN, BOB


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([(ANN, "ann-secret"), (BOB, "bob-secret")]) as sandbox:
        yield sandbox


@pytest.fixture
def place(sandbox: Sandbox, tmp_path: Path) -> Iterator[Place]:
    with in_trouble(sandbox, settings_for(sandbox, tmp_path)) as place, door(place):
        yield place


@pytest.fixture
def owner(sandbox: Sandbox) -> Iterator[Owner]:
    with Owner(sandbox) as owner:
        yield owner


@pytest.fixture
def house(settings: EngineSettings) -> Iterator[Door]:
    with opened(settings) as found:
        yield found
