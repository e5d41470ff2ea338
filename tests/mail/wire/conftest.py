"""Ann's mailbox in a sandbox of its own."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from tests.mail.wire.mailboxes import SandboxMail


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def provider(sandbox: Sandbox) -> Iterator[SandboxMail]:
    with closing(SandboxMail(sandbox)) as provider:
        yield provider
