"""Where what opens mailboxes is put together: providers, credentials, tokens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from pydantic import SecretStr

from adapters.composition.access import requests_of
from adapters.composition.mail_servers import mail_dialler, mail_probe, network_policy
from adapters.composition.programs import Opened, Program
from adapters.composition.vaults import vault_over
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.settings.oauth_client import OAuthClient
from adapters.stores.small_tables.used_links import StoredLinks
from engine.answers.telling.reader import Reader, zone_named
from engine.work.access import Accesses, Security, Server
from engine.work.check_connection import ConnectionChecks
from engine.work.consents import Consents
from engine.work.inbound import Inbound, SentMail
from engine.work.letters import Letter, Sender
from engine.work.mailboxes import Mailboxes
from engine.work.ports import NewId, Person
from engine.work.secret import NoSuchSecret, Secret, SecretRef, VaultError
from engine.work.sequences import FindMissing
from engine.work.tokens import Tokens
from engine.work.vault import Vault
from events.sequence import Step
from events.vocabulary import NoticeKind
from projections.notices import NoticeRow

if TYPE_CHECKING:
    from adapters.http.signed_links import Link, SignedLinks
    from adapters.http.unsubscribe_links import UnsubscribeLinks
    from adapters.mail.dialling import Dialler
    from adapters.mail.notice_message import Link as NoticeLink
    from adapters.mail.oauth.endpoint import Endpoint
    from adapters.mail.oauth.loopback import LoopbackConsent
    from adapters.mail.oauth.provider import Provider

_OF_LINKS = SecretRef("_", "links", "signing key")
"""No workspace begins so."""


def mail_reader() -> "Callable[[bytes, SentMail], Inbound]":
    """What one message means for what was sent, from its octets. Pure; raises nothing."""
    from adapters.mail.inbound.reading import read

    return read


class Letters(NamedTuple):
    """Steps as recipients get them, and what is missing for that. Pure."""

    rehearsed: Callable[[Sequence[Step], str, Person, Sender], Letter]
    """The step of that name as this recipient would get it. Raises ``LetterError``."""
    missing: FindMissing


def letters() -> Letters:
    from adapters.mail.composing.filling import missing, rehearsed

    return Letters(rehearsed, missing)


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
    """For reconnecting."""
    from adapters.http.signed_links import SignedLinks

    return SignedLinks(_key_of_links(opened, settings), opened.store.now)


def connecting_links(opened: Opened, settings: EngineSettings) -> "SignedLinks":
    """For connecting with a provider's consent."""
    from adapters.http.signed_links import CONNECT, SignedLinks

    return SignedLinks(_key_of_links(opened, settings), opened.store.now, CONNECT)


def unsubscribe_links(opened: Opened, settings: EngineSettings) -> "UnsubscribeLinks":
    """How recipients unsubscribe: by HTTPS too, where a public address leads here."""
    from adapters.http.unsubscribe_links import UnsubscribeLinks

    url = settings.public_url or ""
    is_there = settings.links_port is not None and url.startswith("https://")
    return UnsubscribeLinks(_key_of_links(opened, settings), url if is_there else None)


def link_to(settings: EngineSettings, link: "Link") -> str:
    """The whole address. Raises ``SettingsError`` without a public one."""
    from adapters.http.consenting import address_of

    if settings.public_url is None:
        raise SettingsError("Setting public_url: a link needs to know how owners reach it.")
    return address_of(settings.public_url, link)


def notice_link(opened: Opened, settings: EngineSettings) -> "NoticeLink | None":
    """The link in a notice of a failure: the same for ever, good until the deadline. None where
    nobody answers links.

    No notice has one that says nothing of a failure, or where the vault has no key.
    """
    if settings.links_port is None or settings.public_url is None:
        return None
    links = signed_links(opened, settings)

    def link(notice: NoticeRow) -> str | None:
        if notice.kind is not NoticeKind.FAILURE or notice.deadline_at is None:
            return None
        name = f"{notice.incident_id} {notice.number}"
        try:
            made = links.make(notice.workspace, notice.account_id, notice.deadline_at, name)
        except VaultError:
            return None
        return link_to(settings, made)

    return link


def loopback_consent(opened: Opened, settings: EngineSettings, provider: str) -> "LoopbackConsent":
    """For who sits at this machine: consent of a mailbox's owner at that provider.

    Raises ``SettingsError`` for one with which the settings do not register us, and for a port
    that cannot be had.
    """
    from adapters.mail.oauth.loopback import LoopbackConsent

    found = consents(opened, settings).get(provider)
    if found is None:
        raise SettingsError(f"Setting {provider}: it names no client; see docs/providers.md.")
    try:
        return LoopbackConsent(found, settings.consent_port)
    except OSError as error:
        raise SettingsError(f"Setting consent_port: it cannot be had: {error}.") from error


def _key_of_links(opened: Opened, settings: EngineSettings) -> Callable[[], Secret]:
    """The key is made when it is first needed, and lies in the vault."""
    vault = vault_over(opened, settings)

    def key() -> Secret:
        try:
            return vault.get(_OF_LINKS)
        except NoSuchSecret:
            with opened.coordination.exclusively(str(_OF_LINKS), 5):
                return _made_once(vault)

    return key


def _made_once(vault: Vault) -> Secret:
    try:
        return vault.get(_OF_LINKS)
    except NoSuchSecret:
        made = Secret(token_urlsafe(32))
        vault.put(_OF_LINKS, made)
        return made


def mailboxes_of(
    program: Program,
    workspace: str,
    dialler: "Dialler | None" = None,
    new_id: NewId | None = None,
) -> Mailboxes:
    """Of a workspace, on real mail servers; ``dialler``: one that is there already; ``new_id``
    makes the ids of commands.

    Raises ``SettingsError``.
    """
    settings, opened, engine = program
    tokens = tokens_over(opened, settings, workspace)
    probe = mail_probe(opened, settings, workspace, tokens, dialler)
    checks = ConnectionChecks(engine, probe, workspace, new_id or _new_id, opened.evidence)
    accesses = accesses_of(opened, settings, workspace)
    return Mailboxes(engine, checks, accesses, workspace, opened.store.now)


@contextmanager
def links_served(program: Program) -> Iterator[int | None]:
    """Serve the pages of links, where the settings name a port for it; answers the port.

    Raises ``SettingsError``.
    """
    from adapters.http.app import app
    from adapters.http.connecting import ConnectPages, ConnectParts
    from adapters.http.reconnecting import Parts, ReconnectPages
    from adapters.http.serving import served
    from adapters.http.unsubscribing import UnsubscribePages

    settings, opened, engine = program
    if settings.links_port is None:
        yield None
        return
    if settings.public_url is None:
        raise SettingsError("Setting public_url: links_port needs to know how owners reach it.")
    dialler = mail_dialler(settings)
    used, asking_for = StoredLinks(opened.beside), consents(opened, settings)

    def mailboxes(workspace: str, new_id: NewId | None = None) -> Mailboxes:
        return mailboxes_of(program, workspace, dialler, new_id)

    parts = Parts(settings, signed_links(opened, settings), used, asking_for, mailboxes)
    connecting = ConnectParts(
        connecting_links(opened, settings),
        used,
        requests_of(opened),
        asking_for,
        mailboxes,
        settings.public_url,
        Reader(zone_named(settings.owner_zone)),
    )
    unsubscribing = UnsubscribePages(engine, unsubscribe_links(opened, settings))
    pages = app(ReconnectPages(parts), ConnectPages(connecting), unsubscribing)
    with served(pages, settings.links_host, settings.links_port) as port:
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
