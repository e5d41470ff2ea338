"""``sendledger accounts link``, and ``serve`` that answers it: from the command to the mailbox."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.composition.mailboxes import notice_link, signed_links
from adapters.composition.programs import Program, running
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.errors import SettingsError
from events.email_account import NoticeAttempted
from events.vocabulary import ConnectionStatus, NoticeKind
from projections.notices import NoticeRow
from tests.certificates import make_certificate
from tests.http.owners import Owner, Place, door, in_trouble, settings_for, words
from tests.law.story import ANN, NOON
from tests.mail.oauth.registering import variables
from tests.mail.relays import LocalRelay, Taken
from tests.mail.relays import running as running_relay
from tests.worker.processes import SENDLEDGER, Process, eventually
from tests.workplace import ACME, log_of

RIGHT = "ann-secret"
DEADLINE = NOON + timedelta(days=9)


@pytest.fixture
def closed(sandbox: Sandbox, tmp_path: Path) -> Iterator[Place]:
    """Nobody answers links in this process."""
    with in_trouble(sandbox, settings_for(sandbox, tmp_path)) as place:
        yield place


def typed(place: Place, *words: str, **others: Any) -> subprocess.CompletedProcess[str]:
    given = {**place.given, **others}
    known = {name: value for name, value in given.items() if value is not None}
    return subprocess.run(
        [SENDLEDGER, *words],
        env={**os.environ, **variables(known)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_link_is_printed_with_what_it_is_good_for(closed: Place) -> None:
    ran = typed(closed, "accounts", "link", ANN, "--for", "PT2H", "--zone", "Europe/Berlin")

    assert ran.returncode == 0, ran.stderr
    link, *told = ran.stdout.split("\n")
    assert link.startswith(f"{closed.given['public_url']}/links/ey")
    assert f"can reconnect {ANN} with One-Click Reconnect, once, until 20" in " ".join(told)


def test_a_link_is_printed_for_programs(closed: Place) -> None:
    ran = typed(closed, "accounts", "link", ANN, "--json")

    assert list(json.loads(ran.stdout)) == ["account_id", "link", "until"]


@pytest.mark.parametrize(
    ("words", "others", "why"),
    [
        ([ANN, "--for", "soon"], {}, "expected a duration"),
        ([ANN, "--for", "P31D"], {}, "30 days at most"),
        (["nobody@acme.test"], {}, "nobody@acme.test"),
        ([ANN], {"public_url": None}, "Setting public_url"),
        ([ANN], {"google": None, "google_client_secret": None}, "name no client for google"),
    ],
)
def test_a_link_that_would_lead_nowhere_is_refused(
    closed: Place, words: list[str], others: dict[str, Any], why: str
) -> None:
    ran = typed(closed, "accounts", "link", *words, **others)

    assert ran.returncode != 0
    assert why in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr


def test_a_door_needs_an_address_that_owners_reach_and_a_port_that_is_free(
    place: Place,
) -> None:
    taken = place.program.settings
    without = taken.model_copy(update={"public_url": None})
    for settings, why in ((without, "public_url"), (taken, "Nothing can listen on")):
        program = place.program._replace(settings=settings)
        with pytest.raises(SettingsError, match=why), door(place._replace(program=program)):
            pass


def test_a_password_is_only_asked_for_over_https(sandbox: Sandbox, tmp_path: Path) -> None:
    with in_trouble(sandbox, settings_for(sandbox, tmp_path), RIGHT) as place:
        refused = typed(place, "accounts", "link", ANN)
        done = typed(place, "accounts", "link", ANN, public_url="https://mail.example")

    assert "only asked for over https" in " ".join(refused.stderr.split())
    assert done.stdout.startswith("https://mail.example/links/ey")


@pytest.mark.rule("N1")
def test_a_notice_of_a_failure_holds_the_same_link_for_ever(closed: Place) -> None:
    opened, settings = closed.program.opened, closed.program.settings
    link = notice_link(opened, settings)
    assert link is not None
    assert notice_link(opened, settings.model_copy(update={"links_port": None})) is None
    notice = NoticeRow(
        workspace=ACME,
        account_id=ANN,
        incident_id=f"{ANN}#1",
        number="1",
        kind=NoticeKind.FAILURE,
    )

    assert link(notice) is None
    first = link(notice._replace(deadline_at=DEADLINE))
    assert first == link(notice._replace(deadline_at=DEADLINE))
    assert first != link(notice._replace(deadline_at=DEADLINE, number="2"))
    assert link(notice._replace(deadline_at=DEADLINE, kind=NoticeKind.DISCONNECT)) is None


def test_every_program_makes_links_with_the_same_key(closed: Place, program_again: Program) -> None:
    made = closed.link()

    found = signed_links(program_again.opened, program_again.settings).read(made.split("/")[-1])

    assert found is not None
    assert (found.workspace, found.account_id) == (ACME, ANN)


@pytest.fixture
def program_again(closed: Place) -> Iterator[Program]:
    with running(closed.program.settings) as program:
        yield program


@contextmanager
def serving(place: Place, output: Path) -> Iterator[Process]:
    given = variables({**place.given, "log_level": "debug"})
    told = {name.removeprefix("SENDLEDGER_"): each for name, each in given.items()}
    process = Process(output, "serve", **told)
    try:
        process.begun()
        yield process
    finally:
        process.kill()


@pytest.mark.kills
@pytest.mark.rule("R1", "F1")
def test_from_the_command_to_the_mailbox_by_real_processes(
    closed: Place, owner: Owner, tmp_path: Path
) -> None:
    with serving(closed, tmp_path / "serve.out") as process:
        link = json.loads(typed(closed, "accounts", "link", ANN, "--json").stdout)["link"]

        assert "is reconnected" in words(owner.reconnects(link))

    assert closed.status is ConnectionStatus.SUCCESSFUL
    grant = closed.access.grant
    assert grant is not None
    secrets = [link.split("/")[-1], grant.refresh_token.reveal(), grant.access_token.reveal()]
    files = [process.output, *(each for each in tmp_path.glob("store.db*") if each.is_file())]
    written = b"".join(each.read_bytes() for each in files)
    assert len(written) > 10_000
    assert not [each for each in secrets if each.encode() in written]


@pytest.mark.kills
@pytest.mark.rule("N1", "N2", "N3", "R1")
def test_the_owner_is_told_by_mail_follows_its_link_and_is_told_that_all_is_well(
    sandbox: Sandbox, owner: Owner, tmp_path: Path
) -> None:
    """A worker, a mail relay, a provider and its mail servers: nobody of us does anything."""
    relay, certificate = LocalRelay(), make_certificate(tmp_path)
    with running_relay(relay, certificate) as port:
        told = {
            "notice_relay": f"127.0.0.1:{port}",
            "notice_relay_ca_file": certificate.file,
            "notice_sender": "notices@acme.test",
            "owners": {ACME: {ANN: ["owner@acme.test"]}},
            "admins": {ACME: ["admin@acme.test"]},
        }
        with in_trouble(sandbox, settings_for(sandbox, tmp_path, **told)) as place:
            sandbox.revoke(ANN)
            with serving(place, tmp_path / "serve.out"):
                eventually(lambda: len(relay.taken) == 1)
                assert "is reconnected" in words(owner.reconnects(link_in(relay.taken[0])))
                eventually(lambda: len(attempts_in(place)) == 2)

            assert place.status is ConnectionStatus.SUCCESSFUL
            attempts = attempts_in(place)
    assert len(relay.taken) == 2
    assert [set(each.to) for each in relay.taken] == [{"owner@acme.test", "admin@acme.test"}] * 2
    assert all(each.encrypted for each in relay.taken)
    assert "resume" in text_of(relay.taken[1])
    assert attempts == [("smtp", True)] * 2


def text_of(taken: Taken) -> str:
    message = BytesParser(policy=policy.default).parsebytes(taken.content)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(taken: Taken) -> str:
    found = re.search(r"http://\S+/links/\S+", text_of(taken))
    assert found is not None
    return found[0]


@pytest.mark.kills
@pytest.mark.rule("R2")
def test_a_worker_that_is_killed_in_the_middle_leaves_the_account_as_it_was(
    closed: Place, owner: Owner, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fail("imap", "login", Act.SILENCE)
    before, link = closed.access, closed.link()

    def reconnect() -> None:
        with Owner(sandbox) as cut_off, suppress(requests.ConnectionError):
            cut_off.reconnects(link)

    with serving(closed, tmp_path / "first.out") as process:
        thread = threading.Thread(target=reconnect)
        thread.start()
        eventually(lambda: len(closed.secrets()) == 2)
        process.kill()
        thread.join(20)
    assert not thread.is_alive()
    assert (closed.access, closed.status) == (before, ConnectionStatus.FAILED)
    sandbox.relent()

    with serving(closed, tmp_path / "second.out"):
        assert owner.press(link).status_code == 410
        assert "is reconnected" in words(owner.reconnects(closed.link()))
    assert closed.access != before


def attempts_in(place: Place) -> list[tuple[str, bool]]:
    """Channel, and whether the notice was delivered."""
    return [
        (each.event.channel, each.event.delivered)
        for each in log_of(place.program.opened.store)
        if isinstance(each.event, NoticeAttempted)
    ]
