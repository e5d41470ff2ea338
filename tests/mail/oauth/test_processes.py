"""Two processes that refresh at once refresh once; one that is killed in it holds nobody up."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.composition.mailboxes import accesses_of, providers
from adapters.composition.programs import running
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.loading import load_settings
from adapters.stores.opening import migrate
from engine.work.access import Access, Grant
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from tests.mail.oauth.registering import ANN, registered, variables
from tests.workplace import ACME

ROOT = Path(__file__).parents[3]
MAIL = "https://mail.google.com/"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
Process = subprocess.Popen[str]
Given = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def given(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Given:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    found = registered(sandbox.served(), tmp_path, url)
    migrate(load_settings(**found))
    return found


@pytest.fixture
def mailbox(sandbox: Sandbox, given: Given) -> Mailbox:
    settings, tokens = load_settings(**given), sandbox.grant(ANN, [MAIL])
    refresh, access = Secret(tokens["refresh_token"]), Secret(tokens["access_token"])
    google = providers(settings)["google"]
    grant = Grant(refresh, access, LONG_AGO, (MAIL,), ANN)
    with running(settings) as program:
        kept = Access("google", ANN, google.imap, google.smtp, grant=grant)
        return accesses_of(program.opened, settings, ACME).add(ANN, kept)


@contextmanager
def refreshing(given: Given, mailbox: Mailbox) -> Iterator[Process]:
    """Ready to refresh."""
    command = [sys.executable, "-m", "tests.mail.oauth.refresher", str(mailbox.credentials)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **variables(given)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert line_of(process) == "ready"
            yield process
        finally:
            process.kill()


def line_of(process: Process) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def go(process: Process) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def kept(given: Given, mailbox: Mailbox) -> str:
    settings = load_settings(**given)
    with running(settings) as program:
        grant = accesses_of(program.opened, settings, ACME).of(mailbox).grant
    assert grant is not None
    return sha256(grant.access_token.reveal().encode()).hexdigest()


@pytest.mark.kills
def test_two_processes_at_once_refresh_once(given: Given, mailbox: Mailbox) -> None:
    """The provider ends the whole grant when a refresh token comes a second time."""
    with ExitStack() as stack:
        several = [stack.enter_context(refreshing(given, mailbox)) for _ in range(3)]
        for each in several:
            go(each)

        found = {line_of(each) for each in several}

    assert found == {kept(given, mailbox)}


@pytest.mark.kills
def test_one_that_is_killed_while_it_waits_for_the_provider_holds_nobody_up(
    given: Given, mailbox: Mailbox
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        nowhere = f"https://localhost:{silent.getsockname()[1]}/token"
        hung = {**given, "google": {**given["google"], "token_endpoint": nowhere}}
        with refreshing(hung, mailbox) as dying, refreshing(given, mailbox) as living:
            go(dying)
            asked, _ = silent.accept()
            go(living)
            dying.kill()

            found = line_of(living)
        asked.close()

    assert found == kept(given, mailbox)


@pytest.mark.kills
def test_one_that_dies_with_the_answer_leaves_a_grant_that_is_used_up(
    given: Given, mailbox: Mailbox, sandbox: Sandbox
) -> None:
    """With strict rotation nothing brings the new refresh token back: the owner reconnects."""
    before = kept(given, mailbox)
    sandbox.fail("oauth", "token", Act.LOSE, times=1)
    with refreshing(given, mailbox) as process:
        go(process)
        assert line_of(process) == "unreachable"

    with refreshing(given, mailbox) as process:
        go(process)
        assert line_of(process) == "auth_revoked"

    assert kept(given, mailbox) == before
