"""Real mailboxes at the keyboard: connected, tested, reconnected, disconnected, at the sandbox."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from adapters.composition.programs import running
from adapters.composition.vaults import vault_over
from adapters.mail.sandbox.faults import Act, Service
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.loading import load_settings
from engine.work.classifying.evidence import Evidence
from engine.work.mailboxes import FORGOTTEN
from engine.work.unused_credentials import UnusedCredentials
from tests.cli.keyboard import IN_A_FILE, MAIN, SENDLEDGER, Keyboard, spawn
from tests.law.story import R1, create, hear_from, start
from tests.mail.oauth.registering import registered, variables
from tests.mail.servers.name_server import NameServer
from tests.proof.judge import check_log
from tests.worker.processes import Process, eventually

ANN = "ann@sandbox.test"
ZONE = {("localhost", "A"): ["127.0.0.1"], ("sandbox.test", "MX"): ["10 localhost."]}
MAIL = "https://mail.google.com/"


class Mailroom:
    """A person at the keyboard, whose mail servers are a sandbox's."""

    def __init__(self, keyboard: Keyboard, sandbox: Sandbox) -> None:
        self.keyboard = keyboard
        self.sandbox = sandbox
        served = sandbox.served()
        self.imap, self.smtp = f"localhost:{served['imaps']}", f"localhost:{served['smtps']}"
        self.other_smtp = f"localhost:{served['smtp']}/starttls"

    def password(self, text: str) -> Path:
        file = self.keyboard.folder / "password"
        file.write_text(f"{text}\n")
        return file

    def connecting(self, password: str = "right", slot: str = "s1") -> tuple[object, ...]:  # noqa: S107
        servers = ("--imap", self.imap, "--smtp", self.smtp)
        password_file = ("--password-file", self.password(password))
        return ("accounts", "connect", slot, ANN, "--provider", "imap", *servers, *password_file)

    def status(self) -> str:
        shown: str = self.keyboard.json("accounts", "show", ANN)["account"]["status"]
        return shown

    def secrets(self) -> int:
        found: int = self.keyboard.json("vault", "check")["secrets"]
        return found


@pytest.fixture
def mailroom(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailroom]:
    with Sandbox([(ANN, "right")]) as sandbox, NameServer(ZONE) as names:
        given = registered(sandbox.served(), keyboard.folder, keyboard.store)
        for name, value in variables({**given, "dns_servers": [names.address]}).items():
            monkeypatch.setenv(name, value)
        yield Mailroom(keyboard, sandbox)


@pytest.mark.rule("C1")
def test_a_mailbox_is_connected_once_every_stage_has_passed(mailroom: Mailroom) -> None:
    ran = mailroom.keyboard.type(*mailroom.connecting())

    assert ran.code == 0, ran
    assert f"{ANN} is connected in slot s1." in ran.output
    stages = [line.split()[:3] for line in ran.complaint.splitlines() if "passed" in line]
    assert sorted(stages) == [
        *(["IMAP", stage, "passed"] for stage in ("imap", "login", "name", "tcp", "tls")),
        *(["SMTP", stage, "passed"] for stage in ("name", "smtp", "tcp", "tls")),
    ]
    assert mailroom.secrets() == 1


@pytest.mark.rule("C1", "R2", "F1")
def test_a_wrong_password_connects_nothing_and_says_what_to_do(mailroom: Mailroom) -> None:
    ran = mailroom.keyboard.type(*mailroom.connecting("not the right one"), "--json")

    assert ran.code == 3, ran
    error = json.loads(ran.complaint[ran.complaint.index("{") :])["error"]
    assert error["code"] == "still_failing"
    assert "enter them again" in error["message"]
    assert (error["check"]["class"], error["check"]["failed_at"]) == (
        "auth_bad_credentials",
        "login",
    )
    assert "not the right one" not in ran.output + ran.complaint
    assert mailroom.secrets() == 0


@pytest.mark.rule("C2", "C5", "R2")
def test_a_changed_password_fails_the_account_until_it_is_reconnected_with_the_new_one(
    mailroom: Mailroom,
) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.add_account(ANN, "changed")

    said = keyboard.do("accounts", "test", ANN)
    assert f"found auth_bad_credentials. Connection Status of {ANN}: failed." in said
    assert mailroom.status() == "failed"
    refused = keyboard.refused(3, "accounts", "reconnect", ANN)
    assert "Refused (still_failing)" in refused
    assert f"With a new password: sendledger accounts reconnect {ANN} --anew" in refused

    changed = mailroom.password("changed")
    said = keyboard.do("accounts", "reconnect", ANN, "--password-file", changed)
    assert f"{ANN} is reconnected; its settings are as before." in said
    assert mailroom.status() == "successful"
    assert keyboard.json("accounts", "test", ANN)["check"]["class"] is None
    assert mailroom.secrets() == 1


@IN_A_FILE
@pytest.mark.rule("C1")
def test_a_test_tells_what_was_found(mailroom: Mailroom) -> None:
    mailroom.keyboard.do(*mailroom.connecting())

    well = mailroom.keyboard.json("accounts", "test", ANN)["check"]
    assert well["passed"] == ["name", "tcp", "tls", "login", "imap", "smtp"]
    assert well["sent_folder"] == "Sent"

    mailroom.sandbox.refuse("throttled")
    told = mailroom.keyboard.json("accounts", "test", ANN)
    assert (told["account"]["status"], told["check"]["class"]) == ("successful", "throttled")
    assert told["check"]["evidence"]


@IN_A_FILE
@pytest.mark.rule("C2", "C5")
def test_a_check_by_hand_is_one_of_the_background(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.refuse("auth_user_action")
    assert "found auth_user_action" in keyboard.do("accounts", "check", ANN)
    assert mailroom.status() == "failed"

    mailroom.sandbox.relent()
    assert "The check passed." in keyboard.do("accounts", "check", ANN)
    assert mailroom.status() == "successful"


@IN_A_FILE
@pytest.mark.rule("R2")
def test_other_servers_want_a_two_step_reconnect(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    again = ("accounts", "reconnect", ANN, "--password-file", mailroom.password("right"))

    assert "configuration_changed" in keyboard.refused(3, *again, "--smtp", mailroom.other_smtp)
    keyboard.do(*again, "--smtp", mailroom.smtp)
    assert mailroom.secrets() == 1


@IN_A_FILE
@pytest.mark.rule("R1", "C5")
def test_all_that_failed_are_reconnected_with_what_there_is(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.refuse("auth_user_action")
    keyboard.do("accounts", "test", ANN)
    mailroom.sandbox.relent()

    assert ANN in keyboard.do("accounts", "reconnect", "--failed", "--yes")
    assert mailroom.status() == "successful"


@pytest.mark.rule("T1")
def test_a_disconnect_deletes_the_password(mailroom: Mailroom) -> None:
    mailroom.keyboard.do(*mailroom.connecting())
    mailroom.keyboard.do("accounts", "disconnect", ANN, "--yes")
    assert mailroom.secrets() == 0
    mailroom.keyboard.do(*mailroom.connecting())
    assert mailroom.status() == "successful"


@IN_A_FILE
@pytest.mark.rule("C1")
def test_a_server_inside_the_network_is_refused_unless_the_operator_allows_it(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDLEDGER_ALLOWED_NETWORKS", "[]")
    said = mailroom.keyboard.refused(3, *mailroom.connecting())
    assert "still_failing" in said
    assert "IMAP  name   FAILED" in said


@IN_A_FILE
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("connect", "s1", ANN, "--imap", "imap.acme.test"), "--provider imap"),
        (("connect", "s1", ANN, "--provider", "google", "--user", "ann"), "names its servers"),
        (("connect", "s1", ANN, "--provider", "imap", "--result", "passes"), "simulated check"),
        (("connect", "s1", ANN, "--provider", "imap"), "give --imap and --smtp"),
        (("connect", "s1", ANN, "--provider", "imap", "--imap", "a b"), "Server 'a b': write"),
        (("reconnect", "--failed", "--anew"), "name one account"),
    ],
)
def test_options_that_do_not_fit_are_told(
    mailroom: Mailroom, words: tuple[str, ...], said: str
) -> None:
    assert said in mailroom.keyboard.refused(2, "accounts", *words)


@IN_A_FILE
def test_an_account_that_is_really_checked_is_told_nothing(mailroom: Mailroom) -> None:
    mailroom.keyboard.do(*mailroom.connecting())
    for word in ("test", "check", "reconnect"):
        said = mailroom.keyboard.refused(2, "accounts", word, ANN, "--result", "passes")
        assert "leave out --result" in said


class Consenting:
    """``sendledger`` in a process of its own, whose user consents in his browser."""

    def __init__(self, mailroom: Mailroom) -> None:
        self._mailroom = mailroom

    def run(self, *words: str, account: str = ANN) -> tuple[int, str]:
        command = [str(SENDLEDGER), *words, "--store", self._mailroom.keyboard.store]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        ) as process:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if line.startswith("https://"):
                    back = self._mailroom.sandbox.approve(line.strip(), account)
                    with urlopen(back, timeout=10) as answer:  # noqa: S310 on loopback
                        assert answer.status == 200
            assert process.stdout is not None
            said += process.stdout.read()
            return process.wait(30), said


@IN_A_FILE
@pytest.mark.rule("C1", "R2")
def test_google_is_asked_for_consent_in_the_browser(mailroom: Mailroom) -> None:
    at_google: Any = Consenting(mailroom)
    code, said = at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")
    assert code == 0, said
    assert f"{ANN} is connected in slot s1." in said

    mailroom.sandbox.revoke(ANN)
    assert "auth_revoked" in mailroom.keyboard.do("accounts", "test", ANN)
    code, said = at_google.run("accounts", "reconnect", ANN, "--anew")
    assert code == 0, said
    assert mailroom.status() == "successful"


@IN_A_FILE
@pytest.mark.rule("C3")
def test_json_stays_whole_beside_what_is_logged(mailroom: Mailroom) -> None:
    at_google: Any = Consenting(mailroom)
    assert at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")[0] == 0
    mailroom.sandbox.expire_tokens(ANN)
    mailroom.sandbox.refuse("provider_app_fault")

    ran = mailroom.keyboard.type("accounts", "test", ANN, "--json")

    assert json.loads(ran.output)["check"]["class"] == "provider_app_fault"
    assert "the provider refuses our registration" in ran.complaint


@IN_A_FILE
@pytest.mark.rule("C2")
def test_whose_permission_has_lapsed_is_told_how_to_ask_for_it_anew(mailroom: Mailroom) -> None:
    at_google: Any = Consenting(mailroom)
    assert at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")[0] == 0
    mailroom.sandbox.revoke(ANN)

    hint = f"With new consent: sendledger accounts reconnect {ANN} --anew"
    assert hint in mailroom.keyboard.do("accounts", "test", ANN)
    assert hint in mailroom.keyboard.refused(3, "accounts", "reconnect", ANN)


@IN_A_FILE
@pytest.mark.rule("T1", "C1")
def test_connected_again_an_account_has_the_provider_it_had(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    keyboard.do("accounts", "disconnect", ANN, "--yes")
    again = [each for each in mailroom.connecting("wrong") if each not in ("--provider", "imap")]

    assert "Refused (still_failing)" in keyboard.refused(3, *again)
    assert mailroom.status() == "disconnected"


@IN_A_FILE
@pytest.mark.rule("R2")
def test_a_fleet_is_told_account_by_account_why_each_still_fails(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.add_account(ANN, "changed")
    keyboard.do("accounts", "test", ANN)

    ran = keyboard.type("accounts", "reconnect", "--failed", "--yes")

    assert ran.code == 1
    assert f"{ANN}:" in ran.complaint.splitlines()
    assert "enter them again and reconnect" in ran.output


@IN_A_FILE
@pytest.mark.rule("R2")
def test_a_box_left_empty_and_another_mailbox_are_refused_and_recorded(mailroom: Mailroom) -> None:
    at_google: Any = Consenting(mailroom)
    mailroom.sandbox.untick([MAIL])
    code, said = at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")
    assert (code, "insufficient_scope" in said) == (3, True), said
    mailroom.sandbox.relent()
    assert at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")[0] == 0

    mailroom.sandbox.untick([MAIL])
    code, said = at_google.run("accounts", "reconnect", ANN, "--anew")
    assert (code, "tick every box" in said) == (3, True), said
    mailroom.sandbox.relent()
    mailroom.sandbox.add_account("bob@sandbox.test", "b")
    code, said = at_google.run("accounts", "reconnect", ANN, "--anew", account="bob@sandbox.test")
    assert (code, "identity_mismatch" in said) == (3, True), said
    with mailroom.keyboard.opened() as opened:
        names = [row[3] for row in opened.store.read(0, 100).rows]
    assert sum("OneClickRejected" in str(name) for name in names) == 2


def account(mailroom: Mailroom) -> Any:
    """But for its pace, which tells when it may send next."""
    found = mailroom.keyboard.json("accounts", "show", ANN)["account"]
    del found["pace"]
    return found


def law_holds(mailroom: Mailroom) -> bool:
    with mailroom.keyboard.opened() as opened:
        check_log(opened.store)
    return True


TO_A_PASSWORD = {
    "auth_bad_credentials": "failed",
    "auth_user_action": "failed",
    "auth_admin_policy": "failed",
    "transient_server": "failed",
    "unreachable": "failed",
    "tls_untrusted": "failed",
    "unknown": "failed",
    "throttled": "successful",
}
TO_A_TOKEN = {
    "auth_revoked": "failed",
    "auth_insufficient_scope": "failed",
    "auth_user_action": "failed",
    "auth_admin_policy": "failed",
    "transient_server": "failed",
    "throttled": "successful",
    "provider_app_fault": "successful",
}


def statuses(mailroom: Mailroom, service: Service | None, classes: Iterable[str]) -> dict[str, str]:
    """By the class that a test finds, the account's status after it; cured each time."""
    found = {}
    for each in classes:
        mailroom.sandbox.expire_tokens(ANN)
        mailroom.sandbox.refuse(each, ANN, service)
        told = mailroom.keyboard.json("accounts", "test", ANN)
        assert told["check"]["sentence"]
        found[told["check"]["class"]] = told["account"]["status"]
        mailroom.sandbox.relent()
        mailroom.keyboard.do("accounts", "check", ANN)
        assert mailroom.status() == "successful"
    return found


@IN_A_FILE
@pytest.mark.rule("C2", "C3", "C5")
def test_every_class_that_servers_tell_comes_to_the_account(mailroom: Mailroom) -> None:
    mailroom.keyboard.do(*mailroom.connecting())
    assert statuses(mailroom, None, TO_A_PASSWORD) == TO_A_PASSWORD
    assert law_holds(mailroom)


@IN_A_FILE
@pytest.mark.rule("C2", "C3", "C5")
def test_every_class_that_a_provider_of_tokens_tells_comes_to_the_account(
    mailroom: Mailroom,
) -> None:
    at_google: Any = Consenting(mailroom)
    code, said = at_google.run("accounts", "connect", "s1", ANN, "--provider", "google")
    assert code == 0, said
    assert statuses(mailroom, "oauth", TO_A_TOKEN) == TO_A_TOKEN
    assert law_holds(mailroom)


@pytest.mark.rule("C1", "F1")
def test_what_servers_said_of_an_account_can_be_erased(mailroom: Mailroom) -> None:
    keyboard, said = mailroom.keyboard, "Ann Example of Wonderland"
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.fail("imap", "login", Act.SAY, text=f"NO [CONTACTADMIN] {said} is suspended")
    digest = keyboard.json("accounts", "test", ANN)["check"]["evidence"]
    kept = kept_evidence(mailroom, digest)
    assert kept is not None
    assert said in kept.text

    assert keyboard.json("accounts", "erase", ANN, "--yes") == {"account_id": ANN, "erased": True}

    assert kept_evidence(mailroom, digest) is None
    written = b"".join(each.read_bytes() for each in keyboard.folder.glob("store.db*"))
    assert said.encode() not in written
    assert account(mailroom)["status"] == "failed"
    assert law_holds(mailroom)


def kept_evidence(mailroom: Mailroom, digest: str) -> Evidence | None:
    with mailroom.keyboard.opened() as opened:
        return opened.evidence.find(MAIN, digest)


# Interrupted in the middle.

WITHIN = 1.5
"""Seconds in which a program has ended that was asked to; the check alone would take 10."""
KILLS = 10


@contextmanager
def in_the_middle(
    mailroom: Mailroom, *words: object, hung: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """A command that has put a new password into the vault. ``hung``: the server never answers."""
    before = mailroom.secrets()
    if hung:
        mailroom.sandbox.fail("imap", "login", Act.SILENCE)
    process = spawn(*words, "--store", mailroom.keyboard.store)
    try:
        eventually(lambda: mailroom.secrets() > before or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate()
        mailroom.sandbox.relent()


def left_after_a_day(mailroom: Mailroom) -> int:
    """Secrets in the vault, once a worker has deleted those that no account uses."""
    with running(load_settings(store=mailroom.keyboard.store)) as program:
        opened, vault = program.opened, vault_over(program.opened, program.settings)
        later = lambda: opened.store.now() + FORGOTTEN  # noqa: E731
        UnusedCredentials(program.engine, vault, opened.views, later).delete()
    return mailroom.secrets()


@pytest.mark.kills
@pytest.mark.rule("C6", "R2", "F1")
def test_a_reconnect_that_is_killed_leaves_the_account_as_it_was(mailroom: Mailroom) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    mailroom.sandbox.refuse("auth_user_action")
    keyboard.do("accounts", "test", ANN)
    mailroom.sandbox.relent()
    before = account(mailroom)
    again = ("accounts", "reconnect", ANN, "--password-file", mailroom.password("right"))

    with in_the_middle(mailroom, *again) as process:
        process.kill()

    assert account(mailroom) == before
    assert before["status"] == "failed"
    assert law_holds(mailroom)
    keyboard.do(*again)
    assert mailroom.status() == "successful"
    assert law_holds(mailroom)
    assert [mailroom.secrets(), left_after_a_day(mailroom)] == [2, 1]
    assert keyboard.json("accounts", "test", ANN)["check"]["class"] is None


@pytest.mark.kills
@pytest.mark.rule("C1", "R2")
def test_a_connect_that_is_killed_connects_nothing_and_works_the_next_time(
    mailroom: Mailroom,
) -> None:
    mailroom.keyboard.do("accounts", "connect", "s9", "bob@sandbox.test")
    with in_the_middle(mailroom, *mailroom.connecting()) as process:
        process.kill()

    mailroom.keyboard.refused(4, "accounts", "show", ANN)
    assert [mailroom.secrets(), left_after_a_day(mailroom)] == [1, 0]
    mailroom.keyboard.do(*mailroom.connecting())
    assert mailroom.status() == "successful"
    assert law_holds(mailroom)


@pytest.mark.kills
@pytest.mark.rule("R2")
def test_ctrl_c_ends_a_check_at_once_and_takes_the_new_password_with_it(
    mailroom: Mailroom,
) -> None:
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    before = account(mailroom)
    again = ("accounts", "reconnect", ANN, "--password-file", mailroom.password("right"))

    with in_the_middle(mailroom, *again) as process:
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, complaint = process.communicate(timeout=20)
        took = time.monotonic() - began

    assert process.returncode == 130, complaint
    assert "Stopped." in complaint
    assert "Traceback" not in complaint
    assert took < WITHIN
    assert mailroom.secrets() == 1
    assert account(mailroom) == before
    assert law_holds(mailroom)


@IN_A_FILE
@pytest.mark.kills
@pytest.mark.rule("R2", "F1")
def test_a_reconnect_that_is_killed_at_any_moment_leaves_an_account_that_works(
    mailroom: Mailroom,
) -> None:
    """Before, while and after the new password takes the place of the old one."""
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    again = ("accounts", "reconnect", ANN, "--password-file", mailroom.password("right"))
    killed = 0
    for number in range(KILLS):
        with in_the_middle(mailroom, *again, hung=False) as process:
            time.sleep(0.006 * number)
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert keyboard.json("accounts", "check", ANN)["check"]["class"] is None
        assert mailroom.status() == "successful"
    assert killed > KILLS / 2
    assert law_holds(mailroom)
    assert left_after_a_day(mailroom) == 1
    assert keyboard.json("vault", "check")["findings"] == []


@IN_A_FILE
@pytest.mark.kills
@pytest.mark.rule("C6", "S7")
def test_a_reconnect_begun_before_the_deadline_counts_though_it_ends_after_it(
    mailroom: Mailroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a worker settles what is due, ten times a second."""
    keyboard = mailroom.keyboard
    keyboard.do(*mailroom.connecting())
    keyboard.behind(create(ANN), start(), *hear_from(ANN, R1))
    monkeypatch.setenv("SENDLEDGER_RESOLUTION_WINDOW", "PT5S")
    mailroom.sandbox.refuse("auth_user_action")
    keyboard.do("accounts", "test", ANN)
    deadline = datetime.fromisoformat(account(mailroom)["deadline_at"])
    mailroom.sandbox.relent()
    mailroom.sandbox.fail("smtp", "mail", Act.DRIP, pace=0.3)

    serving = Process(tmp_path / "serve.out", "serve", STORE=keyboard.store, CHECK_INTERVAL="86400")
    process = spawn("accounts", "reconnect", ANN, "--store", keyboard.store)
    try:
        eventually(lambda: datetime.now(UTC) > deadline)
        assert process.poll() is None, "it was to end after the deadline"
        output, complaint = process.communicate(timeout=20)
    finally:
        process.kill()
        serving.kill()

    assert process.returncode == 0, complaint
    assert f"{ANN} is reconnected" in output
    assert mailroom.status() == "successful"
    with keyboard.opened() as opened:
        names = [str(row[3]) for row in opened.store.read(0, 1_000).rows]
    assert not [each for each in names if "GracePeriodExpired" in each or "Stopped" in each]
    assert law_holds(mailroom)
