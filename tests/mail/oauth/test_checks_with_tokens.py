"""C1, C3: a mailbox is checked on real servers with a token that may be worth nothing by then."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.composition.mail_servers import mail_probe
from adapters.composition.mailboxes import tokens_over
from adapters.composition.programs import Program
from adapters.mail.oauth.provider import Provider
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Accesses
from engine.work.classifying.classifier import classify
from engine.work.findings import Findings
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from engine.work.tokens import Token, Tokens
from events.vocabulary import FailureClass, Stage
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


class RevokedRightAfter:
    """Tokens whose owner withdraws the consent in the moment between the refresh and the login."""

    def __init__(self, tokens: Tokens, sandbox: Sandbox) -> None:
        self._tokens = tokens
        self._sandbox = sandbox

    def valid(self, mailbox: Mailbox) -> Token:
        return self._revoked(self._tokens.valid(mailbox))

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        return self._revoked(self._tokens.renewed(mailbox, instead_of))

    def _revoked(self, token: Token) -> Token:
        self._sandbox.revoke(ANN)
        return token


@pytest.mark.rule("C3")
@pytest.mark.parametrize("lasts", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_consent_that_is_withdrawn_between_the_refresh_and_the_login_is_told_as_that(
    program: Program, accesses: Accesses, google: Provider, sandbox: Sandbox, lasts: timedelta
) -> None:
    settings, opened, _ = program
    mailbox = granted(sandbox, accesses, google, datetime.now(UTC) + lasts)
    tokens = RevokedRightAfter(tokens_over(opened, settings, ACME), sandbox)

    found = mail_probe(opened, settings, ACME, tokens).check(mailbox)

    assert found.report.found is FailureClass.AUTH_REVOKED
    assert found.report.failed_at is Stage.LOGIN
    meant = {classify(each).outcome for each in found.evidence.values()}
    assert FailureClass.AUTH_BAD_CREDENTIALS not in meant
