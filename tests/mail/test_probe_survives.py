"""Servers that say what no real one says: nothing hangs, nothing floods, nothing is said without
TLS, and nobody's password is called wrong for it."""

import re
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.connection import Limits
from adapters.mail.sandbox.authority import Authority
from adapters.mail.sandbox.faults import STAGES, Act, Service
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Access, Security, Server
from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import Protocol
from engine.work.findings import Findings
from events.vocabulary import CheckReport, FailureClass, Stage
from tests.mail.probing import Site, access_to
from tests.mail.servers.scripted import (
    CAPABILITIES,
    EHLO,
    GREETED,
    IMAP_SCRIPTS,
    READY,
    SMTP_SCRIPTS,
    Conversation,
    NeverAnswering,
    Script,
    Scripted,
    answering_login,
    dripping,
    greeting,
    without_starttls,
)

USER, PASSWORD = "ann@sandbox.test", "ann-secret"
TOTAL = 0.6
SHORT = Limits(total=TOTAL, step=0.4, octets=200_000)
STARTTLS_IS_NEEDED = "without starttls"
AUTH = re.compile(rb"AUTH|\S+ (LOGIN|AUTHENTICATE)", re.IGNORECASE)


def after_login(answers: dict[bytes, bytes]) -> Script:
    """To IMAP: let in, and then answer so."""

    def play(talk: Conversation) -> None:
        talk.say(READY.replace(b"AUTH=PLAIN ", b""))
        tag = talk.heard_until(re.compile(rb"(\S+) LOGIN\b"), LOGIN_ONLY)[1]
        talk.say(tag + b" OK in\r\n")
        talk.heard_until(re.compile(rb"\S+ LOGOUT"), {**LOGIN_ONLY, **answers})

    return play


def answering_auth(answer: bytes) -> Script:
    """To SMTP."""

    def play(talk: Conversation) -> None:
        talk.say(GREETED)
        talk.heard_until(re.compile(rb"AUTH"), EHLO)
        talk.say(answer)

    return play


LOGIN_ONLY = {**CAPABILITIES, b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n%s OK done\r\n"}
STARTTLS_OFFERED = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS\r\n%s OK done\r\n",
    b"STARTTLS": b"%s NO Not now\r\n",
}
LISTED = b'* LIST (\\HasNoChildren) "/" INBOX\r\n%s OK done\r\n'
IMAP_FOUND: dict[str, FailureClass | None] = {
    "bye": FailureClass.THROTTLED,
    "silent": FailureClass.TRANSIENT_SERVER,
    "drop at login": FailureClass.TRANSIENT_SERVER,
    "bye at login": FailureClass.TRANSIENT_SERVER,
    "in use": FailureClass.TRANSIENT_SERVER,
    "bad": FailureClass.TRANSIENT_SERVER,
    "dripping": FailureClass.TRANSIENT_SERVER,
    "flooding": FailureClass.UNKNOWN,
    "without starttls": FailureClass.TLS_UNTRUSTED,
}
SMTP_FOUND: dict[str, FailureClass | None] = {
    "busy": FailureClass.THROTTLED,
    "silent": FailureClass.TRANSIENT_SERVER,
    "drop at login": FailureClass.TRANSIENT_SERVER,
    "drop after data": None,
    "dripping": FailureClass.TRANSIENT_SERVER,
    "flooding": FailureClass.UNKNOWN,
    "without starttls": FailureClass.TLS_UNTRUSTED,
}
IMAP_LIES: dict[str, tuple[Script, FailureClass | None]] = {
    "a refusal that is cut off": (
        answering_login(b"%s NO [AUTHENTICATIONFAILED] Invalid password"),
        FailureClass.TRANSIENT_SERVER,
    ),
    "a refusal of something else": (
        answering_login(b"x99 NO [AUTHENTICATIONFAILED] Invalid password\r\n"),
        FailureClass.UNKNOWN,
    ),
    "a refusal without its end": (
        answering_login(b"%s NO [AUTHENTICATIONFAILED] Invalid password\n"),
        FailureClass.UNKNOWN,
    ),
    "words of no protocol": (
        answering_login(b"Invalid password, wrong user name\r\n"),
        FailureClass.UNKNOWN,
    ),
    "words beside an answer that is none": (
        answering_login(b"* NO Invalid password\r\n% OK\r\n"),
        FailureClass.UNKNOWN,
    ),
    "a refusal before anything was asked": (
        greeting(b"* NO Invalid password\r\n"),
        FailureClass.UNKNOWN,
    ),
    "let in unasked": (
        without_starttls(b"* PREAUTH at your service\r\n", CAPABILITIES),
        FailureClass.UNKNOWN,
    ),
    "octets": (greeting(bytes(range(256)) * 20), FailureClass.UNKNOWN),
    "a challenge of no base64": (
        answering_login(b"+ ????\r\n"),
        FailureClass.TRANSIENT_SERVER,
    ),
    "brackets without end": (
        after_login(
            {
                b"EXAMINE": b"%s OK done\r\n",
                b"LIST": b"* LIST " + b"(" * 60_000 + b"\r\n%s OK done\r\n",
            }
        ),
        FailureClass.UNKNOWN,
    ),
    "a literal of a terabyte": (
        after_login({b"EXAMINE": b"* LIST () {1000000000000}\r\n" + b"x" * 300_000}),
        FailureClass.UNKNOWN,
    ),
    "a list without end": (
        after_login({b"EXAMINE": b"%s OK done\r\n", b"LIST": LISTED[:39] * 10_000}),
        FailureClass.UNKNOWN,
    ),
    "folders that are none": (
        after_login(
            {
                b"EXAMINE": b"%s OK done\r\n",
                b"LIST": b"* LIST (\\Sent) NIL NIL\r\n* LIST () 7 7\r\n" + LISTED,
            }
        ),
        None,
    ),
}
SMTP_LIES: dict[str, tuple[Script, FailureClass | None]] = {
    "a refusal that is cut off": (
        answering_auth(b"535 5.7.8 Invalid password"),
        FailureClass.TRANSIENT_SERVER,
    ),
    "a refusal without its end": (
        answering_auth(b"535 5.7.8 Invalid password\n"),
        FailureClass.UNKNOWN,
    ),
    "an acceptance that is cut off": (answering_auth(b"235 2"), FailureClass.TRANSIENT_SERVER),
    "a refusal that goes on": (
        answering_auth(b"535-5.7.8 Invalid password\r\n"),
        FailureClass.TRANSIENT_SERVER,
    ),
    "a reply without end": (answering_auth(b"535-wrong\r\n" * 1_000), FailureClass.UNKNOWN),
    "words of no protocol": (answering_auth(b"Invalid password\r\n"), FailureClass.UNKNOWN),
    "challenges without end": (answering_auth(b"334 \r\n" * 50), FailureClass.UNKNOWN),
    "octets": (greeting(bytes(range(256)) * 20), FailureClass.UNKNOWN),
}


class Wire:
    """Ann's mailbox, of which one server is played and the other one works."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        authority = Authority(folder)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(authority.issue())
        both = folder / "both.pem"
        sandbox_ca = Path(sandbox.served()["ca_file"])
        both.write_bytes(authority.file.read_bytes() + sandbox_ca.read_bytes())
        self.ca_file = both

    def check(
        self,
        side: Protocol,
        port: int,
        security: Security = Security.IMPLICIT,
        limits: Limits = SHORT,
    ) -> Findings:
        access: Access = access_to(self.sandbox, USER, PASSWORD)
        played = Server("localhost", port, security)
        imap = side is Protocol.IMAP
        access = access._replace(imap=played) if imap else access._replace(smtp=played)
        site = Site(self.sandbox, self.ca_file, limits)
        return site.probe.check(site.add(access))

    def played(self, side: Protocol, script: Script) -> CheckReport:
        """With TLS from the first octet. Whatever it says, no password is wrong for it."""
        with Scripted(script, self.context) as server:
            findings = self.check(side, server.port)
        meant = [classify(each).outcome for each in findings.evidence.values()]
        assert FailureClass.AUTH_BAD_CREDENTIALS not in meant
        return findings.report


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with Sandbox() as sandbox:
        yield Wire(sandbox, tmp_path_factory.mktemp("wire"))


def test_every_script_has_a_finding() -> None:
    assert IMAP_FOUND.keys() == IMAP_SCRIPTS.keys()
    assert SMTP_FOUND.keys() == SMTP_SCRIPTS.keys()


@pytest.mark.rule("C3")
@pytest.mark.parametrize("name", [each for each in IMAP_FOUND if each != STARTTLS_IS_NEEDED])
def test_imap_is_survived(wire: Wire, name: str) -> None:
    began = time.monotonic()
    report = wire.played(Protocol.IMAP, IMAP_SCRIPTS[name])
    assert report.failure_class is IMAP_FOUND[name]
    assert report.failed_at is Stage.LOGIN
    assert Stage.SMTP in report.passed
    assert time.monotonic() - began < TOTAL + 1


@pytest.mark.rule("C3")
@pytest.mark.parametrize("name", [each for each in SMTP_FOUND if each != STARTTLS_IS_NEEDED])
def test_smtp_is_survived(wire: Wire, name: str) -> None:
    began = time.monotonic()
    report = wire.played(Protocol.SMTP, SMTP_SCRIPTS[name])
    assert report.failure_class is SMTP_FOUND[name]
    assert Stage.IMAP in report.passed
    assert time.monotonic() - began < TOTAL + 1


@pytest.mark.rule("C3")
@pytest.mark.parametrize("name", IMAP_LIES)
def test_what_imap_says_out_of_place_is_believed_by_nobody(wire: Wire, name: str) -> None:
    script, found = IMAP_LIES[name]
    assert wire.played(Protocol.IMAP, script).failure_class is found


@pytest.mark.rule("C3")
@pytest.mark.parametrize("name", SMTP_LIES)
def test_what_smtp_says_out_of_place_is_believed_by_nobody(wire: Wire, name: str) -> None:
    script, found = SMTP_LIES[name]
    assert wire.played(Protocol.SMTP, script).failure_class is found


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    ("side", "script"),
    [
        (Protocol.IMAP, IMAP_SCRIPTS[STARTTLS_IS_NEEDED]),
        (Protocol.SMTP, SMTP_SCRIPTS[STARTTLS_IS_NEEDED]),
        (Protocol.IMAP, without_starttls(b"* PREAUTH come in\r\n", STARTTLS_OFFERED)),
        (Protocol.IMAP, without_starttls(READY, STARTTLS_OFFERED)),
    ],
)
def test_nothing_secret_is_said_to_whom_tls_was_taken_from(
    wire: Wire, side: Protocol, script: Script
) -> None:
    with Scripted(script) as server:
        report = wire.check(side, server.port, Security.STARTTLS).report
        said = b"".join(server.heard)
    assert report.failed_at is Stage.TLS
    assert report.failure_class in {FailureClass.TLS_UNTRUSTED, FailureClass.UNKNOWN}
    assert re.search(rb"EHLO|CAPABILITY", said, re.IGNORECASE)
    assert not AUTH.search(said)
    assert PASSWORD.encode() not in said


@pytest.mark.rule("C3")
def test_a_password_is_never_said_twice_however_often_it_is_asked_for(wire: Wire) -> None:
    script = answering_login(b"+ \r\n" * 1_000)
    with Scripted(script, wire.context) as server:
        report = wire.check(Protocol.IMAP, server.port).report
        said = b"".join(server.heard)
    assert report.failure_class is FailureClass.UNKNOWN
    assert said.count(b64encode(f"\0{USER}\0{PASSWORD}".encode())) <= 1


@pytest.mark.rule("C1")
@pytest.mark.parametrize("side", [Protocol.IMAP, Protocol.SMTP])
def test_what_comes_with_the_consent_to_tls_is_never_read_as_said_inside(
    wire: Wire, side: Protocol
) -> None:
    """Somebody on the way adds an answer before TLS begins, to be taken for one from inside."""
    with Scripted(injecting(side)) as server:
        findings = wire.check(side, server.port, Security.STARTTLS)
        said = b"".join(server.heard)
    assert findings.report.failure_class is FailureClass.TLS_UNTRUSTED
    assert findings.report.failed_at is Stage.TLS
    assert not AUTH.search(said)


def injecting(side: Protocol) -> Script:
    def play(talk: Conversation) -> None:
        if side is Protocol.IMAP:
            talk.say(b"* OK ready\r\n")
            offered = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%s OK done\r\n"
            tag = talk.heard_until(re.compile(rb"(\S+) STARTTLS"), {b"CAPABILITY": offered})[1]
            talk.say(tag + b" OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        else:
            talk.say(GREETED)
            talk.heard_until(re.compile(rb"STARTTLS"), {b"EHLO": b"250-x\r\n250 STARTTLS\r\n"})
            talk.say(b"220 go\r\n250 AUTH PLAIN\r\n")
        talk.be_silent()

    return play


@pytest.mark.rule("C1")
@pytest.mark.parametrize("side", [Protocol.IMAP, Protocol.SMTP])
@pytest.mark.parametrize("security", list(Security))
def test_a_server_that_says_an_octet_now_and_then_ends_with_the_time_of_its_side(
    wire: Wire, side: Protocol, security: Security
) -> None:
    """No single wait is long: it is the whole that has a limit."""
    script = dripping((READY if side is Protocol.IMAP else GREETED) * 100, pace=0.05)
    context = wire.context if security is Security.IMPLICIT else None
    with Scripted(script, context) as server:
        began = time.monotonic()
        report = wire.check(side, server.port, security).report
        took = time.monotonic() - began
    assert report.failure_class in {FailureClass.TRANSIENT_SERVER, FailureClass.UNREACHABLE}
    assert TOTAL <= took < TOTAL + 0.5


@pytest.mark.rule("C1")
def test_the_last_wait_is_no_longer_than_what_is_left_of_the_whole(wire: Wire) -> None:
    limits = Limits(total=1.0, step=0.9)
    with Scripted(dripping(b"x" * 14, pace=0.05), wire.context) as server:
        began = time.monotonic()
        wire.check(Protocol.IMAP, server.port, limits=limits)
        took = time.monotonic() - began
    assert limits.total <= took < limits.total + 0.4


@pytest.mark.rule("C1")
@pytest.mark.parametrize("side", [Protocol.IMAP, Protocol.SMTP])
def test_a_server_that_takes_nobody_up_ends_with_the_longest_wait(
    wire: Wire, side: Protocol
) -> None:
    with NeverAnswering() as server:
        began = time.monotonic()
        report = wire.check(side, server.port).report
        took = time.monotonic() - began
    assert (report.failure_class, report.failed_at) == (FailureClass.UNREACHABLE, Stage.TLS)
    assert SHORT.step <= took < TOTAL


@pytest.mark.rule("C1")
@pytest.mark.parametrize("side", [Protocol.IMAP, Protocol.SMTP])
def test_no_more_is_read_than_anybody_has_a_use_for(wire: Wire, side: Protocol) -> None:
    """Ten megabytes in one line: the connection ends long before."""
    script = (IMAP_SCRIPTS if side is Protocol.IMAP else SMTP_SCRIPTS)["flooding"]
    with Scripted(script, wire.context) as server:
        findings = wire.check(side, server.port)
    assert findings.report.failure_class is FailureClass.UNKNOWN
    (said,) = findings.evidence.values()
    assert said.text == "The server sent more than a mail server has to say."


def test_a_port_that_speaks_no_tls_is_not_trusted(wire: Wire) -> None:
    with Scripted(greeting(READY)) as server:
        report = wire.check(Protocol.IMAP, server.port).report
    assert (report.failure_class, report.failed_at) == (FailureClass.TLS_UNTRUSTED, Stage.TLS)


LAST: dict[Service, str] = {"imap": "select", "smtp": "mail"}
BREAKS = [
    (service, stage, act)
    for service, last in LAST.items()
    for stage in STAGES[service][: STAGES[service].index(last) + 1]
    for act in (Act.DROP, Act.HALF, Act.LOSE, Act.FLOOD, Act.SILENCE)
    if stage not in {"connect", "tls"} or act in {Act.DROP, Act.SILENCE}
]


@pytest.mark.rule("C3")
@pytest.mark.parametrize(("service", "stage", "act"), BREAKS)
def test_wherever_a_connection_breaks_nobody_is_refused_for_good_and_nothing_hangs(
    wire: Wire, service: Service, stage: str, act: Act
) -> None:
    security = Security.STARTTLS if stage == "starttls" else Security.IMPLICIT
    site = Site(wire.sandbox, wire.ca_file, SHORT)
    mailbox = site.add(access_to(wire.sandbox, USER, PASSWORD, security=security))
    wire.sandbox.fail(service, stage, act)
    began = time.monotonic()
    try:
        findings = site.probe.check(mailbox)
    finally:
        wire.sandbox.relent()
    assert time.monotonic() - began < TOTAL + 1
    meant = {classify(each).outcome for each in findings.evidence.values()}
    told = {findings.report.failure_class, *meant}
    assert not [each for each in told if isinstance(each, FailureClass) and each.permanent]
    if act is Act.DROP:
        assert findings.report.failure_class is not None
