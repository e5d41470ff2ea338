"""F1: what opens mailboxes is planted, all is done with them that there is to do, even at servers
that repeat it in every spelling, and every octet that was written is searched."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.composition.mail_servers import mail_probe
from adapters.composition.mailboxes import providers, tokens_over
from adapters.composition.programs import Program
from adapters.composition.programs import running as running_program
from adapters.composition.vaults import vault_over
from adapters.mail.sandbox.authority import Authority
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.loading import load_settings
from aggregates.email_account.commands import ConnectAccount
from engine.work.access import Access, Accesses, Grant, Security, Server
from engine.work.check_connection import UNCHECKED, Checked, ConnectionChecks
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from engine.work.tokens import Token, TokenRefused, Tokens
from tests.cli.auditing.door import replay
from tests.cli.keyboard import MAIN, Keyboard
from tests.mail.oauth.registering import registered, variables
from tests.postgres import NamedServer, find_binaries
from tests.vault.echoing import Echoing, echoing
from tests.vault.leaks import Search, every_name
from tests.vault.test_leaks import Premises, data_of, keyboard_init, premises, served_for_a_moment

__all__ = ["premises"]

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"
PASSWORD = "Tr1cky/pass+word=?&<%> for \\Ann"  # noqa: S105 of nobody
ACCESS = "ya29.planted-access/token+of=bob~" + "A1" * 40
REFRESH = "1//planted-refresh/token+of=bob~" + "B2" * 40
SECRETS = (PASSWORD, ACCESS, REFRESH)
MAIL = "https://mail.google.com/"
NOBODY_HEARS = Server("127.0.0.1", 1, Security.IMPLICIT)


class PlantedTokens:
    """Gives Bob's token; or says what a provider says that repeats what it was asked with."""

    def __init__(self, *, refused: bool = False) -> None:
        self._refused = refused

    def valid(self, mailbox: Mailbox) -> Token:
        if self._refused:
            text = f'{{"error": "invalid_grant", "error_description": "{REFRESH} of {mailbox}"}}'
            raise TokenRefused(
                Evidence(Protocol.OAUTH, At.LOGIN, text, "google", Auth.OAUTH2), timedelta(1)
            )
        return Token(Secret(ACCESS), fresh=False)

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        return self.valid(mailbox)._replace(fresh=bool(instead_of))


class World(NamedTuple):
    sandbox: Sandbox
    echo: Echoing
    ca_file: Path

    @property
    def good(self) -> tuple[Server, Server]:
        served = self.sandbox.served()
        return _servers(served["imaps"], served["smtps"])

    @property
    def repeating(self) -> tuple[Server, Server]:
        return _servers(self.echo.imap, self.echo.smtp)


def _servers(imap: int, smtp: int) -> tuple[Server, Server]:
    return (
        Server("127.0.0.1", imap, Security.IMPLICIT),
        Server("127.0.0.1", smtp, Security.IMPLICIT),
    )


@pytest.fixture
def world(premises: Premises) -> Iterator[World]:
    authority = Authority(premises.folder)
    with (
        Sandbox([(ANN, PASSWORD), (BOB, PASSWORD)]) as sandbox,
        echoing(authority, (PASSWORD, ACCESS)) as echo,
    ):
        ca_file = premises.folder / "both.pem"
        ca_file.write_text(
            authority.file.read_text() + Path(sandbox.served()["ca_file"]).read_text()
        )
        yield World(sandbox, echo, ca_file)


class Mailboxes:
    """All that there is to do with mailboxes, and what may be told of it."""

    def __init__(self, program: Program, premises: Premises) -> None:
        self.program = program
        self._numbers = count(1)
        self.premises = premises
        vault = vault_over(program.opened, program.settings)
        self.accesses = Accesses(vault, MAIN, self.new_id)

    def new_id(self) -> str:
        return f"id-{next(self._numbers)}"

    def checks(self, tokens: Tokens) -> ConnectionChecks:
        opened, settings = self.program.opened, self.program.settings
        probe = mail_probe(opened, settings, MAIN, tokens)
        self.premises.said += [repr(probe), repr(vars(probe)), repr(tokens)]
        return ConnectionChecks(
            self.program.engine, probe, MAIN, self.new_id, evidence=opened.evidence
        )

    def told(self, done: Checked) -> Checked:
        """Whatever of it could reach somebody."""
        findings = done.findings
        self.premises.said += [repr(done), str(done), repr(findings)]
        for digest in findings.evidence if findings else ():
            kept = self.program.opened.evidence.find(MAIN, digest)
            assert kept is not None
            self.premises.said.append(repr(kept))
        return done

    def connect(self, mailbox: Mailbox, provider: str, slot: str, tokens: Tokens) -> Checked:
        wanted = ConnectAccount(
            account_id=mailbox.account_id,
            slot_id=slot,
            provider=provider,
            credentials=mailbox.credentials,
            report=UNCHECKED,
        )
        seen: list[Any] = []
        done = self.checks(tokens).connect(wanted, actor="user:test", watch=seen.append)
        self.premises.said.append(repr(seen))
        return self.told(done)


@pytest.mark.rule("F1", "C1", "R2")
@pytest.mark.kills
def test_no_secret_of_a_mailbox_is_in_any_octet_that_was_written(
    premises: Premises,
    world: World,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    keyboard, folder = premises.keyboard, premises.folder
    premises.said.append(keyboard_init(premises))
    use_the_world(premises, world)
    assert keyboard.type("store", "migrate").code == 0
    with running_program(load_settings(store=keyboard.store)) as program:
        mailboxes = Mailboxes(program, premises)
        live_with_a_password(mailboxes, world)
        live_with_tokens(mailboxes, world)
        given = live_with_refreshed_tokens(mailboxes, world)
        settings = program.settings
        premises.said += [repr(settings), repr(settings.model_dump()), settings.model_dump_json()]
    assert len(given) >= 6, "tokens were refreshed and rotated"
    search = Search([*(each.encode() for each in (*SECRETS, *given)), *premises.keys])
    assert any(map(search.in_octets, world.echo.said)), "the servers did repeat them"
    assert not search.in_octets("\n".join(premises.said).encode("utf-8", "backslashreplace"))

    read_it_all(premises)
    type_passwords(premises, world)
    serve(premises)
    assert search.in_folder(folder, except_for=[premises.key_file]) == []
    assert not any(map(search.in_octets, every_name(folder)))
    said = ["\n".join(premises.said), *capfd.readouterr()]
    assert not search.in_octets("\n".join(said).encode("utf-8", "backslashreplace"))
    if keyboard.store.startswith("postgresql"):
        search_the_server(keyboard, request.getfixturevalue("postgres_server"), search)


def use_the_world(premises: Premises, world: World) -> None:
    """By settings that the command line and a worker find, too."""
    settings = registered(world.sandbox.served(), premises.folder, premises.keyboard.store)
    del settings["store"]
    outbox = premises.folder / "outbox"
    os.environ.update(variables({**settings, "mail_ca_file": world.ca_file, "outbox": outbox}))


def live_with_a_password(mailboxes: Mailboxes, world: World) -> None:
    """Connected; refused by servers that repeat it; failed by them; and reconnected."""
    tokens = PlantedTokens()
    good = _with_password(*world.good)
    mine = mailboxes.accesses.add(ANN, good)
    mailboxes.premises.said += [repr(good), str(good), repr(mailboxes.accesses), repr(mine)]
    assert mailboxes.connect(mine, "imap", "s1", tokens).refusal is None
    checks = mailboxes.checks(tokens)
    assert mailboxes.told(checks.test(mine, actor="user:test")).refusal is None

    repeating = _with_password(*world.repeating)
    other = mailboxes.accesses.add(ANN, repeating)
    refused = checks.reconnect(other, actor="user:test", configuration="")
    assert mailboxes.told(refused).refusal is not None
    mailboxes.accesses.replace(mine, repeating)
    failed = mailboxes.told(checks.in_background(mine)).findings
    assert failed is not None
    assert any("[secret]" in each.text for each in failed.evidence.values())
    mailboxes.told(checks.test(mine, actor="user:test"))
    mailboxes.accesses.replace(mine, good)
    assert mailboxes.told(checks.reconnect(mine, actor="user:test")).refusal is None
    mailboxes.accesses.drop(ANN, other.credentials or "")
    mailboxes.accesses.replace(mine, repeating)
    mailboxes.told(checks.test(mine, actor="user:test"))


def live_with_tokens(mailboxes: Mailboxes, world: World) -> None:
    """Refused by servers that repeat the token, and by a provider that repeats the other one."""
    theirs = mailboxes.accesses.add(BOB, _with_grant(*world.repeating))
    for refused in (False, True):
        done = mailboxes.connect(theirs, "google", "s2", PlantedTokens(refused=refused))
        assert done.refusal is not None
        assert done.findings is not None
        assert all("[secret]" in each.text for each in done.findings.evidence.values())
    unreachable = mailboxes.accesses.add(BOB, _with_grant(NOBODY_HEARS, NOBODY_HEARS))
    mailboxes.connect(unreachable, "google", "s2", PlantedTokens())


def live_with_refreshed_tokens(mailboxes: Mailboxes, world: World) -> set[str]:
    """Refreshed and rotated, ended on the way, revoked. Answers all that was ever given."""
    opened, settings = mailboxes.program.opened, mailboxes.program.settings
    sandbox, tokens = world.sandbox, tokens_over(opened, settings, MAIN)
    sandbox.rotate(on=True)
    first = sandbox.grant(BOB, [MAIL])
    google = providers(settings)["google"]
    refresh, token = Secret(first["refresh_token"]), Secret(first["access_token"])
    grant = Grant(refresh, token, datetime(2026, 3, 2, tzinfo=UTC), (MAIL,), BOB)
    access = Access("google", BOB, google.imap, google.smtp, grant=grant)
    theirs = mailboxes.accesses.add(BOB, access)
    given = {*access.secrets}
    mailboxes.premises.said += [repr(tokens), repr(google)]
    assert mailboxes.connect(theirs, "google", "s2", tokens).refusal is None
    checks = mailboxes.checks(tokens)
    for trouble in (sandbox.expire_tokens, sandbox.revoke):
        given |= {*mailboxes.accesses.of(theirs).secrets}
        trouble(BOB)
        mailboxes.told(checks.test(theirs, actor="user:test"))
    client_secret = settings.google_client_secret
    assert client_secret is not None
    return given | {*mailboxes.accesses.of(theirs).secrets, client_secret.get_secret_value()}


def _with_password(imap: Server, smtp: Server) -> Access:
    return Access("imap", ANN, imap, smtp, password=Secret(PASSWORD))


def _with_grant(imap: Server, smtp: Server) -> Access:
    expires = datetime(2026, 3, 2, tzinfo=UTC)
    grant = Grant(Secret(REFRESH), Secret(ACCESS), expires, ("mail",), "subject-1")
    return Access("google", BOB, imap, smtp, grant=grant)


def read_it_all(premises: Premises) -> None:
    """Every command that shows something, for people and for programs."""
    for words in (
        *(["status"], ["health"], ["accounts"], ["accounts", "show", ANN], ["clocks"]),
        *(["campaigns"], ["notices"], ["projections"], ["store", "check"], ["parked"]),
        *(["vault", "check"], ["vault", "rotate"], ["accounts", "show", BOB]),
        *(["accounts", "reconnect", "--failed", "--yes"], ["accounts", "readd", ANN, "--yes"]),
        *(["campaigns", "resume", "--waiting", "--yes"],),
        *(["accounts", "disconnect", ANN, "--preview"], ["accounts", "disconnect", ANN, "--yes"]),
    ):
        premises.type(*words)
    store, folder = premises.keyboard.store, premises.folder
    audits: tuple[Sequence[object], ...] = (
        *(["check"], ["explain", "--account", ANN], ["explain", "--account", ANN, "--json"]),
        *(["reclassify"], ["state", "--json"], ["export", "--out", folder / "events.jsonl"]),
    )
    for audit in audits:
        ran = replay(*audit, "--store", store)
        premises.said += [ran.output, ran.complaint]
    assert (folder / "events.jsonl").stat().st_size > 1_000


def type_passwords(premises: Premises, world: World) -> None:
    """Refused where it is repeated; connected, tried, refused again, erased."""
    keyboard, from_standard_input = premises.keyboard, ("--password-file", "-")

    def typed(code: int, *words: str) -> None:
        ran = keyboard.type(*words, *from_standard_input, "--json", answer=f"{PASSWORD}\n")
        assert ran.code == code, ran
        premises.said += [ran.output, ran.complaint]

    for code, servers in ((3, world.repeating), (0, world.good)):
        imap, smtp = (each.written for each in servers)
        connect = ("accounts", "connect", "s7", ANN, "--provider", "imap")
        typed(code, *connect, "--imap", imap, "--smtp", smtp)
    world.sandbox.fail("imap", "login", Act.SAY, text=f"NO What is {PASSWORD}?")
    typed(3, "accounts", "reconnect", ANN)
    for words in (("test", ANN), ("check", ANN), ("erase", ANN, "--yes")):
        premises.type("accounts", *words)
    world.sandbox.relent()
    typed(0, "accounts", "reconnect", ANN)


def serve(premises: Premises) -> None:
    """A worker that tells all it can, until the owner has been told of the trouble."""
    outbox = premises.folder / "outbox" / "new"
    served_for_a_moment(
        premises,
        until=lambda: outbox.is_dir() and any(outbox.iterdir()),
        LOG_LEVEL="debug",
        LOG_FORMAT="json",
        TRACING="console",
    )


def search_the_server(keyboard: Keyboard, server: NamedServer, search: Search) -> None:
    """Its files, and a dump of the database."""
    dump = subprocess.run(
        [find_binaries() / "pg_dump", "--inserts", keyboard.store], capture_output=True, check=True
    )
    assert b"evidence" in dump.stdout
    assert not search.in_octets(dump.stdout)
    assert search.in_folder(data_of(keyboard.store, server)) == []
