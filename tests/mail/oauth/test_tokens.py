"""C1, C3, F1: tokens are refreshed once, and every fault of a provider is told for what it is."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from adapters.composition.programs import Program
from adapters.mail.network import NetworkPolicy
from adapters.mail.oauth.endpoint import Endpoint
from adapters.mail.oauth.provider import Provider
from adapters.mail.oauth.tokens import RefreshedTokens
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from engine.ports.errors import StoreFailed
from engine.work.access import Access, Accesses, Grant
from engine.work.classifying.classifier import classify
from engine.work.ports import Mailbox
from engine.work.secret import NoSuchSecret, Secret
from engine.work.tokens import Token, TokenError, TokenRefused, Tokens, TokenUnavailable
from events.vocabulary import FailureClass
from tests.mail.oauth.registering import ANN, LOOPBACK
from tests.workplace import ACME

MAIL = "https://mail.google.com/"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = 0.5
"""Seconds that an exchange may take where a provider hangs."""


def granted(
    sandbox: Sandbox,
    accesses: Accesses,
    google: Provider,
    expires_at: datetime = LONG_AGO,
    scopes: Sequence[str] = (MAIL,),
) -> Mailbox:
    given = sandbox.grant(ANN, [*scopes])
    refresh, access = Secret(given["refresh_token"]), Secret(given["access_token"])
    grant = Grant(refresh, access, expires_at, (MAIL,), ANN)
    return accesses.add(ANN, Access("google", ANN, google.imap, google.smtp, grant=grant))


@pytest.fixture
def mailbox(sandbox: Sandbox, accesses: Accesses, google: Provider) -> Mailbox:
    """Its access token has run out."""
    return granted(sandbox, accesses, google)


@pytest.fixture
def quick(program: Program, accesses: Accesses, google: Provider) -> Tokens:
    """Waits for a provider for half a second."""
    opened = program.opened
    endpoint = Endpoint(google, NetworkPolicy(LOOPBACK), opened.coordination, seconds=QUICK)
    return RefreshedTokens(
        ACME, accesses, {"google": endpoint}, opened.coordination, opened.store.now
    )


def kept(accesses: Accesses, mailbox: Mailbox) -> Grant:
    grant = accesses.of(mailbox).grant
    assert grant is not None
    return grant


def test_a_token_that_lasts_is_not_refreshed(
    sandbox: Sandbox, accesses: Accesses, google: Provider, tokens: Tokens
) -> None:
    mailbox = granted(sandbox, accesses, google, datetime.now(UTC) + timedelta(minutes=5))
    sandbox.revoke(ANN)

    found = tokens.valid(mailbox)

    assert found == Token(kept(accesses, mailbox).access_token, fresh=False)


@pytest.mark.parametrize("left", [timedelta(), timedelta(seconds=59)])
def test_one_that_runs_out_is_refreshed_and_kept(
    sandbox: Sandbox, accesses: Accesses, google: Provider, tokens: Tokens, left: timedelta
) -> None:
    mailbox = granted(sandbox, accesses, google, datetime.now(UTC) + left)
    before = kept(accesses, mailbox)

    found = tokens.valid(mailbox)

    after = kept(accesses, mailbox)
    assert found == Token(after.access_token, fresh=True)
    assert after.refresh_token != before.refresh_token
    assert after.expires_at > datetime.now(UTC) + timedelta(minutes=50)
    assert after.subject == before.subject


def test_a_provider_without_rotation_leaves_the_refresh_token(
    sandbox: Sandbox, accesses: Accesses, mailbox: Mailbox, tokens: Tokens
) -> None:
    sandbox.rotate(on=False)
    before = kept(accesses, mailbox)

    tokens.valid(mailbox)

    assert kept(accesses, mailbox).refresh_token == before.refresh_token


def test_a_token_that_a_server_refused_is_renewed_once(
    accesses: Accesses, mailbox: Mailbox, tokens: Tokens
) -> None:
    old = kept(accesses, mailbox).access_token

    one = tokens.renewed(mailbox, instead_of=old)
    other = tokens.renewed(mailbox, instead_of=old)

    assert one == other
    assert one.value != old
    assert one.fresh


def test_of_many_threads_one_refreshes(
    accesses: Accesses, mailbox: Mailbox, tokens: Tokens
) -> None:
    """A second refresh with the same token would end the whole grant."""
    found, together = list[str](), Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(tokens.valid(mailbox).value.reveal())

    threads = [Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert found == [kept(accesses, mailbox).access_token.reveal()] * 8
    assert tokens.renewed(mailbox, instead_of=Secret("x")).value.reveal() == found[0]


def test_credentials_that_are_gone_are_not_brought_back(
    accesses: Accesses, mailbox: Mailbox, tokens: Tokens
) -> None:
    assert mailbox.credentials
    accesses.drop(ANN, mailbox.credentials)

    with pytest.raises(NoSuchSecret):
        tokens.valid(mailbox)


def test_a_mailbox_with_a_password_has_no_token(
    accesses: Accesses, google: Provider, tokens: Tokens
) -> None:
    access = Access("imap", ANN, google.imap, google.smtp, password=Secret("open"))

    with pytest.raises(NoSuchSecret):
        tokens.valid(accesses.add(ANN, access))


# What can go wrong at the provider.


def failing(tokens: Tokens, mailbox: Mailbox) -> TokenError:
    with pytest.raises(TokenError) as found:
        tokens.valid(mailbox)
    return found.value


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "failure",
    [
        FailureClass.AUTH_REVOKED,
        FailureClass.AUTH_INSUFFICIENT_SCOPE,
        FailureClass.AUTH_USER_ACTION,
        FailureClass.AUTH_ADMIN_POLICY,
        FailureClass.TRANSIENT_SERVER,
        FailureClass.THROTTLED,
        FailureClass.PROVIDER_APP_FAULT,
    ],
)
def test_every_refusal_is_evidence_of_its_class(
    sandbox: Sandbox, mailbox: Mailbox, tokens: Tokens, failure: FailureClass
) -> None:
    sandbox.refuse(failure, ANN, "oauth")

    refused = failing(tokens, mailbox)

    assert classify(refused.evidence).failure is failure
    assert isinstance(refused, TokenRefused) is (failure is not FailureClass.TRANSIENT_SERVER)


@pytest.mark.rule("R1", "C3")
def test_a_refresh_that_gives_too_few_scopes_keeps_its_rotated_token(
    sandbox: Sandbox, accesses: Accesses, google: Provider, tokens: Tokens
) -> None:
    """Asked again, the provider still knows us, and the reason is still the same."""
    mailbox = granted(sandbox, accesses, google, scopes=["openid"])

    for _ in range(3):
        refused = failing(tokens, mailbox)
        assert isinstance(refused, TokenRefused)
        assert classify(refused.evidence).failure is FailureClass.AUTH_INSUFFICIENT_SCOPE
    assert kept(accesses, mailbox).scopes == ("openid",)


SAID = {
    "503 <html><h1>Sorry</h1>": FailureClass.TRANSIENT_SERVER,
    "200 <html>Welcome to the hotel": FailureClass.UNKNOWN,
    "200 []": FailureClass.UNKNOWN,
    "200 {}": FailureClass.UNKNOWN,
    '200 {"access_token": 5, "expires_in": 3600}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "expires_in": "soon"}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "expires_in": -5}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "expires_in": 99999999999}': FailureClass.UNKNOWN,
    '200 {"access_token": "", "expires_in": 3600}': FailureClass.UNKNOWN,
    '200 {"access_token": "t\\r\\n", "expires_in": 3600}': FailureClass.UNKNOWN,
    '200 {"access_token": "\\ud800", "expires_in": 3600}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "refresh_token": "\\ud800"}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "refresh_token": 5}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "scope": "\\ud800"}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "expires_at": []}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "expires_at": Infinity}': FailureClass.UNKNOWN,
    '200 {"access_token": "t", "error": "server_error"}': FailureClass.TRANSIENT_SERVER,
    '400 {"error": "invalid_grant"}': FailureClass.AUTH_REVOKED,
    f"200 {'[' * 100_000}": FailureClass.UNKNOWN,
}


@pytest.mark.rule("C3")
@pytest.mark.parametrize("text", SAID)
def test_an_answer_that_is_no_token_says_what_it_is(
    sandbox: Sandbox, accesses: Accesses, mailbox: Mailbox, tokens: Tokens, text: str
) -> None:
    before = kept(accesses, mailbox)
    sandbox.fail("oauth", "token", Act.SAY, text=text)

    found = failing(tokens, mailbox).evidence

    assert (classify(found).failure or FailureClass.UNKNOWN) is SAID[text]
    assert found.text[:3] == text[:3]
    assert kept(accesses, mailbox) == before


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("stage", "act"),
    [
        *(("connect", act) for act in (Act.DROP, Act.SILENCE, Act.DRIP)),
        *(("tls", act) for act in (Act.DROP, Act.SILENCE, Act.DRIP)),
        *(("token", act) for act in (Act.DROP, Act.SILENCE, Act.DRIP)),
        *(("token", act) for act in (Act.HALF, Act.LOSE, Act.FLOOD)),
    ],
)
def test_a_provider_that_does_not_answer_is_not_waited_for(
    sandbox: Sandbox, mailbox: Mailbox, quick: Tokens, act: Act, stage: str
) -> None:
    sandbox.fail("oauth", stage, act, pace=0.05)
    begun = datetime.now(UTC)

    found = failing(quick, mailbox)

    assert isinstance(found, TokenUnavailable)
    assert datetime.now(UTC) - begun < timedelta(seconds=QUICK + 2)
    sandbox.relent()
    assert classify(found.evidence).failure in {FailureClass.UNREACHABLE, FailureClass.UNKNOWN}


def test_after_a_fault_the_next_refresh_works(
    sandbox: Sandbox, mailbox: Mailbox, tokens: Tokens
) -> None:
    sandbox.fail("oauth", "token", Act.DROP, times=1)
    failing(tokens, mailbox)

    assert tokens.valid(mailbox).fresh


def test_an_answer_that_is_lost_ends_a_grant_with_strict_rotation(
    sandbox: Sandbox, mailbox: Mailbox, tokens: Tokens
) -> None:
    """As for a process that dies before it has written: the owner has to reconnect."""
    sandbox.fail("oauth", "token", Act.LOSE, times=1)
    failing(tokens, mailbox)

    revoked = failing(tokens, mailbox)

    assert classify(revoked.evidence).failure is FailureClass.AUTH_REVOKED


@pytest.mark.rule("C1")
def test_a_redirect_is_not_followed(sandbox: Sandbox, mailbox: Mailbox, tokens: Tokens) -> None:
    sandbox.fail("oauth", "token", Act.SAY, text="307 elsewhere")

    assert failing(tokens, mailbox).evidence.text == "307 elsewhere"


@pytest.mark.rule("C1")
def test_a_certificate_that_nobody_trusts_is_refused(
    sandbox: Sandbox, mailbox: Mailbox, tokens: Tokens
) -> None:
    sandbox.refuse("tls_untrusted", service="oauth")

    found = failing(tokens, mailbox)

    assert classify(found.evidence).failure is FailureClass.TLS_UNTRUSTED


@pytest.mark.rule("C1")
def test_a_provider_inside_the_network_is_not_reached(
    program: Program, accesses: Accesses, google: Provider, mailbox: Mailbox
) -> None:
    opened = program.opened
    endpoint = Endpoint(google, NetworkPolicy(), opened.coordination)
    tokens = RefreshedTokens(
        ACME, accesses, {"google": endpoint}, opened.coordination, opened.store.now
    )

    found = failing(tokens, mailbox)

    assert found.evidence.text == "The address of localhost is not permitted here."
    assert classify(found.evidence).failure is FailureClass.UNREACHABLE


@pytest.mark.rule("C3")
def test_our_own_fault_alarms_the_operator_once_until_it_is_put_right(
    sandbox: Sandbox, program: Program, mailbox: Mailbox, tokens: Tokens
) -> None:
    alarms = program.opened.coordination.alarms
    sandbox.refuse("provider_app_fault", ANN, "oauth")

    for _ in range(2):
        failing(tokens, mailbox)

    (alarm,) = alarms()
    assert alarm.about == "oauth google"
    assert alarm.text.startswith("Google refuses our own registration (401 ")
    sandbox.relent()
    tokens.valid(mailbox)
    assert list(alarms()) == []


class Full:
    """Keeps no alarm: there is no room."""

    def alarm(self, about: str, text: str) -> bool:
        raise StoreFailed(store="s", said=f"no room: {about}, {text}")

    def calm(self, about: str) -> None:
        raise StoreFailed(store="s", said=f"no room: {about}")


def test_a_store_that_keeps_no_alarm_costs_no_token(
    sandbox: Sandbox, program: Program, accesses: Accesses, google: Provider, mailbox: Mailbox
) -> None:
    opened = program.opened
    endpoint = Endpoint(google, NetworkPolicy(LOOPBACK), Full())
    tokens = RefreshedTokens(
        ACME, accesses, {"google": endpoint}, opened.coordination, opened.store.now
    )

    assert tokens.valid(mailbox).value == kept(accesses, mailbox).access_token
    sandbox.refuse("provider_app_fault", ANN, "oauth")
    with pytest.raises(TokenRefused):
        tokens.renewed(mailbox, instead_of=kept(accesses, mailbox).access_token)


@pytest.mark.rule("C3")
def test_a_provider_that_the_settings_do_not_name_is_our_own_fault(
    program: Program, accesses: Accesses, mailbox: Mailbox
) -> None:
    opened = program.opened
    nobody: Mapping[str, Endpoint] = {}
    tokens = RefreshedTokens(ACME, accesses, nobody, opened.coordination, opened.store.now)

    refused = failing(tokens, mailbox)

    assert classify(refused.evidence).failure is FailureClass.PROVIDER_APP_FAULT


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.rule("F1")
@pytest.mark.parametrize(
    "text", ['200 {{"access_token": "{0}", "refresh', "400 no {0} for {1}", "503 {0} {1}"]
)
def test_a_provider_that_repeats_a_secret_gives_nothing_away(
    sandbox: Sandbox,
    accesses: Accesses,
    google: Provider,
    mailbox: Mailbox,
    tokens: Tokens,
    everything_logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    text: str,
) -> None:
    assert google.client_secret is not None
    secret = google.client_secret.reveal()
    refresh_token = kept(accesses, mailbox).refresh_token.reveal()
    sandbox.fail("oauth", "token", Act.SAY, text=text.format(refresh_token, secret))

    error = failing(tokens, mailbox)

    told = [repr(error), str(error), repr(error.evidence), repr(error.__context__)]
    told += [everything_logged.text, *capfd.readouterr(), repr(tokens), repr(google)]
    assert not [each for each in told if refresh_token in each or secret in each]
