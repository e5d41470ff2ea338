"""Test Connection against the sandbox: every class of C3 provoked, and nothing judged too soon."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.mail.dialling import Dialler, verifying_context
from adapters.mail.network import NetworkPolicy
from adapters.mail.probe import MailProbe
from adapters.mail.sandbox.authority import Certificate
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Security
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.findings import StageSeen
from engine.work.ports import Mailbox, Probe
from engine.work.secret import NoSuchSecret, Secret
from engine.work.tokens import TokenRefused, TokenUnavailable
from events.vocabulary import FailureClass, Stage
from tests.mail.mail_contract import ProbeContract
from tests.mail.probing import Site, access_to, by_token

ANN, PASSWORD = "ann@sandbox.test", "ann-secret"
TOLD_TO_A_PASSWORD = [
    FailureClass.AUTH_BAD_CREDENTIALS,
    FailureClass.AUTH_USER_ACTION,
    FailureClass.AUTH_ADMIN_POLICY,
    FailureClass.TRANSIENT_SERVER,
    FailureClass.UNREACHABLE,
    FailureClass.TLS_UNTRUSTED,
    FailureClass.UNKNOWN,
    FailureClass.THROTTLED,
]
TOLD_BY_THE_PROVIDER = {
    FailureClass.AUTH_REVOKED: '400 {"error":"invalid_grant"}',
    FailureClass.AUTH_INSUFFICIENT_SCOPE: '400 {"error":"invalid_grant","error_description":'
    '"AADSTS65001: The user or administrator has not consented to use the application."}',
    FailureClass.PROVIDER_APP_FAULT: '401 {"error":"invalid_client"}',
    FailureClass.TRANSIENT_SERVER: "503 <html><title>Service Unavailable</title></html>",
}


class SandboxProvider:
    """A sandbox, and Ann's mailbox in it."""

    def __init__(self, sandbox: Sandbox, security: Security = Security.IMPLICIT) -> None:
        self.sandbox = sandbox
        self.site = Site(sandbox, sandbox.served()["ca_file"])
        self.probe: Probe = self.site.probe
        self.access = access_to(sandbox, ANN, PASSWORD, security=security)
        self.with_password = self.mailbox = self.site.add(self.access)
        self.with_token = self.site.add(by_token(self.access, sandbox))
        wrong = self.access._replace(password=Secret("not-hers"))
        self.site.add_another(wrong)

    def refuse_login(self, because: FailureClass | None) -> None:
        self.sandbox.relent()
        revoked = because is FailureClass.AUTH_REVOKED
        self.mailbox = self.with_token if revoked else self.with_password
        if because is not None:
            self.sandbox.refuse(because.value)

    def found(self, mailbox: Mailbox | None = None) -> FailureClass | None:
        return self.probe.check(mailbox or self.mailbox).report.failure_class


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def provider(world: Sandbox) -> Iterator[SandboxProvider]:
    yield SandboxProvider(world)
    world.relent()


@pytest.fixture
def by_starttls(world: Sandbox) -> Iterator[SandboxProvider]:
    yield SandboxProvider(world, Security.STARTTLS)
    world.relent()


class TestSandbox(ProbeContract):
    pass


@pytest.mark.rule("C1", "C3")
@pytest.mark.parametrize("found", TOLD_TO_A_PASSWORD)
@pytest.mark.parametrize("security", list(Security))
def test_every_class_that_a_server_tells_is_found(
    world: Sandbox, security: Security, found: FailureClass
) -> None:
    provider = SandboxProvider(world, security)
    provider.refuse_login(found)
    try:
        findings = provider.probe.check(provider.mailbox)
    finally:
        world.relent()
    assert findings.report.failure_class is found
    assert findings.sentence


@pytest.mark.rule("C3")
@pytest.mark.parametrize("found", TOLD_BY_THE_PROVIDER)
def test_every_class_that_a_provider_tells_is_found_at_the_login(
    provider: SandboxProvider, found: FailureClass
) -> None:
    evidence = Evidence(
        Protocol.OAUTH, At.LOGIN, TOLD_BY_THE_PROVIDER[found], "google", Auth.OAUTH2
    )
    provider.site.tokens.failing = TokenRefused(evidence)
    provider.sandbox.expire_tokens(ANN)
    report = provider.probe.check(provider.with_token).report
    assert report.failure_class is found
    assert report.failed_at is Stage.LOGIN
    assert report.passed == (Stage.NAME, Stage.TCP, Stage.TLS)


@pytest.mark.rule("C1")
@pytest.mark.parametrize("security", list(Security))
def test_a_check_tells_what_the_mailbox_says_of_itself(world: Sandbox, security: Security) -> None:
    provider = SandboxProvider(world, security)
    findings = provider.probe.check(provider.mailbox)
    assert findings.report.successful
    assert findings.folders is not None
    assert (findings.folders.sent, findings.folders.delimiter) == ("Sent", "/")
    assert "IMAP4REV1" in findings.folders.capabilities


@pytest.mark.rule("C1")
def test_each_stage_is_told_as_it_ends_with_its_time(provider: SandboxProvider) -> None:
    provider.sandbox.fail("imap", "select", Act.SAY, text="NO [SERVERBUG] Sorry")
    seen: list[StageSeen] = []
    provider.probe.check(provider.mailbox, seen.append)
    imap = [(each.stage, each.passed) for each in seen if each.side is Protocol.IMAP]
    smtp = [(each.stage, each.passed) for each in seen if each.side is Protocol.SMTP]
    before = [(Stage.NAME, True), (Stage.TCP, True), (Stage.TLS, True)]
    assert imap == [*before, (Stage.LOGIN, True), (Stage.IMAP, False)]
    assert smtp == [*before, (Stage.SMTP, True)]
    assert all(each.milliseconds > 0 for each in seen)


@pytest.mark.rule("C1")
def test_both_sides_are_gone_through_at_once(provider: SandboxProvider) -> None:
    both = threading.Barrier(2, timeout=5)

    def wait(seen: StageSeen) -> None:
        if seen.stage is Stage.TCP:
            both.wait()

    assert provider.probe.check(provider.mailbox, wait).report.successful


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("service", "stage", "text", "found", "failed_at"),
    [
        ("imap", "select", "NO [SERVERBUG] Sorry", FailureClass.TRANSIENT_SERVER, Stage.IMAP),
        ("smtp", "ehlo", "421 4.3.2 Shutting down", FailureClass.TRANSIENT_SERVER, None),
        ("smtp", "mail", "451 4.3.0 Try again later", FailureClass.TRANSIENT_SERVER, Stage.SMTP),
        ("smtp", "mail", "553 5.7.1 Who?", FailureClass.UNKNOWN, Stage.SMTP),
        ("smtp", "starttls", "454 4.7.0 TLS temporarily down", FailureClass.TRANSIENT_SERVER, None),
        ("smtp", "starttls", "502 5.5.1 What?", FailureClass.TLS_UNTRUSTED, None),
        ("imap", "starttls", "BAD What?", FailureClass.TLS_UNTRUSTED, None),
    ],
)
def test_a_refusal_fails_the_stage_where_it_comes(
    by_starttls: SandboxProvider,
    service: str,
    stage: str,
    text: str,
    found: FailureClass,
    failed_at: Stage | None,
) -> None:
    by_starttls.sandbox.fail(service, stage, Act.SAY, text=text)  # type: ignore[arg-type]
    report = by_starttls.probe.check(by_starttls.mailbox).report
    assert report.failure_class is found
    assert report.failed_at is (failed_at or Stage.TLS)


@pytest.mark.rule("C3")
def test_a_server_that_refuses_id_opens_the_mailbox_all_the_same(provider: SandboxProvider) -> None:
    provider.sandbox.fail("imap", "id", Act.SAY, text="BAD Unknown command")
    assert provider.found() is None


@pytest.mark.rule("C3")
@pytest.mark.parametrize("service", ["imap", "smtp"])
def test_a_password_that_opens_one_side_is_not_wrong(
    provider: SandboxProvider, service: str
) -> None:
    provider.sandbox.refuse("auth_bad_credentials", service=service)  # type: ignore[arg-type]
    assert provider.found() is FailureClass.UNKNOWN


@pytest.mark.rule("C3")
def test_a_password_that_let_us_in_is_not_wrong_whatever_failed_afterwards(
    provider: SandboxProvider,
) -> None:
    provider.sandbox.refuse("auth_bad_credentials", service="imap")
    provider.sandbox.fail("smtp", "mail", Act.SAY, text="553 5.7.1 Who?")
    assert provider.found() is FailureClass.UNKNOWN


@pytest.mark.rule("C1")
@pytest.mark.parametrize("kind", [each for each in Certificate if each is not Certificate.TRUSTED])
@pytest.mark.parametrize("security", list(Security))
def test_a_certificate_that_proves_nothing_ends_the_check(
    world: Sandbox, security: Security, kind: Certificate
) -> None:
    """It is looked at anew at each check: it may change between two."""
    provider = SandboxProvider(world, security)
    assert provider.found() is None
    world.show_certificate(kind)
    try:
        report = provider.probe.check(provider.mailbox).report
    finally:
        world.relent()
    assert (report.failure_class, report.failed_at) == (FailureClass.TLS_UNTRUSTED, Stage.TLS)
    assert provider.found() is None


@pytest.mark.rule("C1")
def test_a_server_on_this_machine_is_not_reached_unless_that_is_allowed(
    provider: SandboxProvider,
) -> None:
    context = verifying_context(None)
    probe = MailProbe(
        provider.site.accesses, provider.site.tokens, Dialler(NetworkPolicy(), context)
    )
    findings = probe.check(provider.mailbox)
    assert findings.report.failure_class is FailureClass.UNREACHABLE
    assert findings.report.passed == ()
    assert "allowed_networks" in findings.sentence
    assert all("not permitted here" in each.text for each in findings.evidence.values())


def test_a_token_opens_both_sides(provider: SandboxProvider) -> None:
    assert provider.found(provider.with_token) is None
    assert provider.site.tokens.refused == []


@pytest.mark.rule("C3")
def test_a_token_that_ran_out_is_renewed_once_for_both_sides(provider: SandboxProvider) -> None:
    provider.sandbox.expire_tokens(ANN)
    seen: list[StageSeen] = []
    findings = provider.probe.check(provider.with_token, seen.append)
    assert findings.report.successful
    assert len(provider.site.tokens.refused) == 1
    assert len(seen) == 9
    assert all(each.passed for each in seen)


@pytest.mark.rule("C3")
def test_a_token_refused_though_it_was_just_refreshed_is_a_permission_withdrawn(
    provider: SandboxProvider,
) -> None:
    provider.site.tokens.fresh = True
    provider.sandbox.expire_tokens(ANN)
    assert provider.found(provider.with_token) is FailureClass.AUTH_REVOKED
    assert provider.site.tokens.refused == []


@pytest.mark.rule("C3")
def test_a_throttled_token_is_not_renewed(provider: SandboxProvider) -> None:
    provider.sandbox.refuse("throttled")
    assert provider.found(provider.with_token) is FailureClass.THROTTLED
    assert provider.site.tokens.refused == []


@pytest.mark.rule("C3")
def test_the_time_that_a_server_or_a_provider_names_is_told(provider: SandboxProvider) -> None:
    provider.sandbox.fail(
        "imap", "login", Act.SAY, text="NO [LIMIT] Too many logins, try again in 15 minutes"
    )
    assert provider.probe.check(provider.mailbox).back_off == timedelta(minutes=15)
    provider.sandbox.relent()
    provider.sandbox.expire_tokens(ANN)
    evidence = Evidence(Protocol.OAUTH, At.LOGIN, "429 slow_down", "google", Auth.OAUTH2)
    provider.site.tokens.failing = TokenUnavailable(evidence, timedelta(minutes=20))
    assert provider.probe.check(provider.with_token).back_off == timedelta(minutes=20)


@pytest.mark.rule("F1")
def test_a_secret_that_a_server_repeats_is_kept_nowhere(provider: SandboxProvider) -> None:
    said = "AGFubkBzYW5kYm94LnRlc3QAYW5uLXNlY3JldA=="
    provider.sandbox.fail("imap", "login", Act.SAY, text=f"NO What is {PASSWORD}?")
    provider.sandbox.fail("smtp", "login", Act.SAY, text=f"535 What is AUTH PLAIN {said}?")
    findings = provider.probe.check(provider.mailbox)
    texts = [each.text for each in findings.evidence.values()]
    assert len(texts) == 2
    assert not any(PASSWORD in each or said in each for each in texts)
    assert PASSWORD not in repr(findings)


@pytest.mark.parametrize("password", ['with "quotes" and \\', "mit Ümläüten", " blanks ", "%s{}"])
def test_a_password_may_have_any_characters(world: Sandbox, password: str) -> None:
    world.add_account("odd@sandbox.test", password)
    provider = SandboxProvider(world)
    mailbox = provider.site.add(access_to(world, "odd@sandbox.test", password))
    assert provider.found(mailbox) is None


@pytest.mark.rule("C1")
def test_a_login_that_may_not_send_from_the_account_s_address_fails(
    provider: SandboxProvider,
) -> None:
    mailbox = provider.site.add(provider.access, "office@sandbox.test")
    report = provider.probe.check(mailbox).report
    assert report.failed_at is Stage.SMTP
    assert Stage.LOGIN in report.passed


def test_a_mailbox_without_secrets_is_no_finding(provider: SandboxProvider) -> None:
    with pytest.raises(NoSuchSecret):
        provider.probe.check(Mailbox(ANN, "lost"))


def test_the_same_probe_serves_several_threads(provider: SandboxProvider) -> None:
    found: list[FailureClass | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(provider.found(provider.mailbox)))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [None] * 8
