"""Where what opens mailboxes is put together: providers, credentials, tokens.

Beside ``composition``, and as it: products are imported where they are used.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import SecretStr

from adapters.composition import Opened, Program, mail_probe, network_policy, vault_over
from adapters.oauth_client import OAuthClient
from adapters.settings import EngineSettings, SettingsError
from engine.work.access import Accesses, Security, Server
from engine.work.check_connection import ConnectionChecks
from engine.work.consents import Consents
from engine.work.reconnecting import Reconnections
from engine.work.secret import NoSuchSecret, Secret, SecretRef
from engine.work.tokens import Tokens
from engine.work.vault import Vault

if TYPE_CHECKING:
    from adapters.http.signed_links import Link, SignedLinks
    from adapters.mail.oauth.endpoint import Endpoint
    from adapters.mail.oauth.provider import Provider

_OF_LINKS = SecretRef("_", "links", "signing key")
"""No workspace begins so."""


def providers(settings: EngineSettings) -> "Mapping[str, Provider]":
    """Those with which the settings register us, by name."""
    from adapters.mail.oauth.provider import KNOWN

    given = {
        "google": (settings.google, settings.google_client_secret),
        "microsoft": (settings.microsoft, settings.microsoft_client_secret),
    }
    return {
        name: _registered(KNOWN[name], client, secret)
        for name, (client, secret) in given.items()
        if client is not None
    }


def endpoints(opened: Opened, settings: EngineSettings) -> "Mapping[str, Endpoint]":
    """Where consent is asked for and access tokens come from, by provider."""
    from adapters.mail.oauth.endpoint import Endpoint

    policy = network_policy(settings)
    found = providers(settings).values()
    return {each.name: Endpoint(each, policy, opened.coordination) for each in found}


def accesses_of(opened: Opened, settings: EngineSettings, workspace: str) -> Accesses:
    """What opens the mailboxes of a workspace."""
    return Accesses(vault_over(opened, settings), workspace, _new_id)


def tokens_over(opened: Opened, settings: EngineSettings, workspace: str) -> Tokens:
    """Access tokens of a workspace's mailboxes, refreshed once whoever asks."""
    from adapters.mail.oauth.tokens import RefreshedTokens

    return RefreshedTokens(
        workspace,
        accesses_of(opened, settings, workspace),
        endpoints(opened, settings),
        opened.coordination,
        opened.store.now,
    )


def consents(opened: Opened, settings: EngineSettings) -> "Mapping[str, Consents]":
    """By provider, those with which the settings register us."""
    from adapters.mail.oauth.consent import Authority

    found = endpoints(opened, settings)
    return {name: Authority(each, opened.store.now) for name, each in found.items()}


def signed_links(opened: Opened, settings: EngineSettings) -> "SignedLinks":
    """For reconnecting; their key is made when it is first needed, and lies in the vault."""
    from adapters.http.signed_links import SignedLinks

    vault = vault_over(opened, settings)

    def key() -> Secret:
        try:
            return vault.get(_OF_LINKS)
        except NoSuchSecret:
            with opened.coordination.exclusively(str(_OF_LINKS), 5):
                return _made_once(vault)

    return SignedLinks(key, opened.store.now)


def link_to(settings: EngineSettings, link: "Link") -> str:
    """The whole address. Raises ``SettingsError`` without a public one."""
    from adapters.http.reconnecting import address_of

    if settings.public_url is None:
        raise SettingsError("Setting public_url: a link needs to know how owners reach it.")
    return address_of(settings.public_url, link)


def _made_once(vault: Vault) -> Secret:
    try:
        return vault.get(_OF_LINKS)
    except NoSuchSecret:
        made = Secret(token_urlsafe(32))
        vault.put(_OF_LINKS, made)
        return made


def connection_checks(program: Program, workspace: str) -> ConnectionChecks:
    """Of a workspace's accounts, on real mail servers. Raises ``SettingsError``."""
    settings, opened, engine = program
    tokens = tokens_over(opened, settings, workspace)
    probe = mail_probe(opened, settings, workspace, tokens)
    return ConnectionChecks(engine, probe, workspace, _new_id, opened.evidence)


def reconnections(program: Program, workspace: str, checks: ConnectionChecks) -> Reconnections:
    """One-Click Reconnect of the workspace's accounts with new credentials."""
    settings, opened, engine = program
    accesses = accesses_of(opened, settings, workspace)
    return Reconnections(
        engine, workspace, checks, accesses, locks=opened.coordination, new_id=_new_id
    )


@contextmanager
def links_served(
    program: Program, checks: Callable[[str], ConnectionChecks]
) -> Iterator[int | None]:
    """The door for links, where the settings name a port for it; answers the port.

    ``checks`` are those of a workspace. Raises ``SettingsError``.
    """
    from adapters.http.app import app
    from adapters.http.reconnecting import Parts, ReconnectDoor
    from adapters.http.serving import served
    from adapters.stores.opening import used_links

    settings, opened, _ = program
    if settings.links_port is None:
        yield None
        return
    if settings.public_url is None:
        raise SettingsError("Setting public_url: links_port needs to know how owners reach it.")
    parts = Parts(
        settings,
        signed_links(opened, settings),
        used_links(opened),
        consents(opened, settings),
        lambda workspace: reconnections(program, workspace, checks(workspace)),
    )
    with served(app(ReconnectDoor(parts)), settings.links_host, settings.links_port) as port:
        yield port


def _new_id() -> str:
    return uuid4().hex


def _registered(known: "Provider", client: OAuthClient, secret: SecretStr | None) -> "Provider":
    told = {name: value for name, value in client if value is not None}
    for each in {"imap", "smtp"} & {*told}:
        host, _, port = told[each].rpartition(":")
        told[each] = Server(host.strip("[]"), int(port), Security.IMPLICIT)
    if client.ca_file is not None:
        told["ca_file"] = str(client.ca_file)
    given = Secret(secret.get_secret_value()) if secret else None
    return known._replace(**told, client_secret=given)
