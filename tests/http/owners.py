"""A mailbox in trouble whose owner sits somewhere else, and his browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import requests

from adapters.composition.mailboxes import (
    accesses_of,
    link_to,
    links_served,
    providers,
    signed_links,
)
from adapters.composition.programs import Program, running
from adapters.composition.vaults import vault_over
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.loading import load_settings
from adapters.stores.opening import migrate
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount
from engine.work.access import Access, Grant
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from events.vocabulary import ConnectionStatus
from tests.law.story import ANN, NOON, R1, SLOTS, WELL, create, fail, hear_from, start
from tests.mail.oauth.registering import registered
from tests.mail.servers.ports import free_ports
from tests.workplace import ACME

MAIL = "https://mail.google.com/"
SECONDS = 30


class Place(NamedTuple):
    """A program with the door open; Ann's mailbox is connected in it, and fails."""

    sandbox: Sandbox
    program: Program
    given: dict[str, Any]
    before: Mailbox

    def link(self, good_for: timedelta = timedelta(hours=1)) -> str:
        opened, settings = self.program.opened, self.program.settings
        until = opened.store.now() + good_for
        return link_to(settings, signed_links(opened, settings).make(ACME, ANN, until))

    @property
    def status(self) -> ConnectionStatus | None:
        with self.program.engine.look(ACME) as now:
            return now.account(ANN).status

    @property
    def access(self) -> Access:
        with self.program.engine.look(ACME) as now:
            credentials = now.account(ANN).credentials
        accesses = accesses_of(self.program.opened, self.program.settings, ACME)
        return accesses.of(Mailbox(ANN, credentials))

    def secrets(self) -> set[str]:
        """Names of the account's credentials in the vault."""
        found = vault_over(self.program.opened, self.program.settings).list(ACME)
        return {each.ref.name for each in found}


def settings_for(sandbox: Sandbox, folder: Path, **others: Any) -> dict[str, Any]:
    (port,) = free_ports(1)
    return {
        **registered(sandbox.served(), folder),
        "workspace": ACME,
        "links_port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "owner_zone": "Europe/Berlin",
        **others,
    }


@contextmanager
def in_trouble(
    sandbox: Sandbox, given: dict[str, Any], password: str | None = None
) -> Iterator[Place]:
    settings = load_settings(**given)
    migrate(settings)
    with running(settings) as program:
        access = _access(sandbox, program, password)
        mailbox = accesses_of(program.opened, settings, ACME).add(ANN, access)
        connected = ConnectAccount(
            account_id=ANN,
            slot_id=SLOTS[ANN],
            provider=access.provider,
            report=WELL,
            configuration=access.configuration,
            credentials=mailbox.credentials,
        )
        _do(program, connected, create(ANN, to=[R1]), start(), *hear_from(ANN, R1), fail(ANN))
        yield Place(sandbox, program, given, mailbox)


def _access(sandbox: Sandbox, program: Program, password: str | None) -> Access:
    google = providers(program.settings)["google"]
    if password is not None:
        return Access("imap", ANN, google.imap, google.smtp, password=Secret(password))
    tokens = sandbox.grant(ANN, [MAIL])
    refresh, access = Secret(tokens["refresh_token"]), Secret(tokens["access_token"])
    grant = Grant(refresh, access, NOON, (MAIL,), ANN)
    return Access("google", ANN, google.imap, google.smtp, grant=grant)


def _do(program: Program, *commands: Command) -> None:
    for number, each in enumerate(commands):
        reply = program.engine.execute(ACME, each, command_id=f"before-{number}", actor="user:us")
        assert reply.refusal is None, reply.refusal


@contextmanager
def door(place: Place) -> Iterator[int]:
    with links_served(place.program) as port:
        assert port is not None
        yield port


class Owner:
    """At a browser: keeps cookies, follows no redirect by himself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def look(self, url: str) -> requests.Response:
        return self.session.get(url, allow_redirects=False, timeout=SECONDS)

    def press(self, url: str, **form: str) -> requests.Response:
        return self.session.post(url, data=form, allow_redirects=False, timeout=SECONDS)

    def consents(self, sent_to: str, account: str = ANN) -> requests.Response:
        return self.look(self._sandbox.approve(sent_to, account))

    def reconnects(self, url: str, account: str = ANN) -> requests.Response:
        """All of it: the button, the provider, and back."""
        pressed = self.press(url)
        assert pressed.status_code == 303, pressed.text
        return self.consents(pressed.headers["Location"], account)


def words(response: requests.Response) -> str:
    """What a person reads."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", response.text)
    return " ".join(unescape(text).split())
