"""C1, C3: a mailbox is checked on real servers with a token that may be worth nothing by then."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.composition import Program, mail_probe
from adapters.mail.oauth.provider import Provider
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mailboxes import tokens_over
from engine.work.access import Accesses
from engine.work.findings import Findings
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass
from tests.mail.oauth.registering import ANN
from tests.mail.oauth.test_tokens import granted
from tests.workplace import ACME


@pytest.fixture
def mailbox(sandbox: Sandbox, accesses: Accesses, google: Provider) -> Mailbox:
    """Its access token seems to last."""
    return granted(sandbox, accesses, google, datetime.now(UTC) + timedelta(hours=1))


def checked(program: Program, mailbox: Mailbox) -> Findings:
    settings, opened, _ = program
    return mail_probe(opened, settings, ACME, tokens_over(opened, settings, ACME)).check(mailbox)


def test_a_token_opens_both_sides(program: Program, mailbox: Mailbox) -> None:
    assert checked(program, mailbox).report.successful


def test_a_token_that_ended_on_the_way_is_renewed(
    program: Program, mailbox: Mailbox, sandbox: Sandbox
) -> None:
    sandbox.expire_tokens(ANN)

    assert checked(program, mailbox).report.successful


@pytest.mark.rule("C3")
def test_a_consent_that_was_withdrawn_is_told_as_that(
    program: Program, mailbox: Mailbox, sandbox: Sandbox
) -> None:
    sandbox.revoke(ANN)

    assert checked(program, mailbox).report.found is FailureClass.AUTH_REVOKED


@pytest.mark.rule("C3")
def test_a_provider_in_trouble_is_nobodys_fault(
    program: Program, mailbox: Mailbox, sandbox: Sandbox
) -> None:
    sandbox.expire_tokens(ANN)
    sandbox.refuse("transient_server", ANN, "oauth")

    assert checked(program, mailbox).report.found is FailureClass.TRANSIENT_SERVER
