"""A sandbox for each test, with three mailboxes."""

from collections.abc import Iterator

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.world import Served


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def served(sandbox: Sandbox) -> Served:
    return sandbox.served()
