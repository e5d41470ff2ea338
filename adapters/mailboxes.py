"""Where what opens mailboxes is put together: providers, credentials, tokens.

Beside ``composition``, and as it: products are imported where they are used.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import SecretStr

from adapters.composition import Opened, vault_over
from adapters.settings import EngineSettings, OAuthClient
from engine.work.access import Accesses, Security, Server
from engine.work.secret import Secret
from engine.work.tokens import Tokens

if TYPE_CHECKING:
    from adapters.mail.oauth.endpoint import Endpoint
    from adapters.mail.oauth.provider import Provider


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
    from adapters.mail.network import NetworkPolicy
    from adapters.mail.oauth.endpoint import Endpoint

    policy = NetworkPolicy(settings.allowed_networks)
    found = providers(settings).values()
    return {each.name: Endpoint(each, policy, opened.coordination) for each in found}


def accesses_of(opened: Opened, settings: EngineSettings, workspace: str) -> Accesses:
    """What opens the mailboxes of a workspace."""
    return Accesses(vault_over(opened, settings), workspace, lambda: uuid4().hex)


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


def _registered(known: "Provider", client: OAuthClient, secret: SecretStr | None) -> "Provider":
    told = {name: value for name, value in client if value is not None}
    for each in {"imap", "smtp"} & {*told}:
        host, _, port = told[each].rpartition(":")
        told[each] = Server(host.strip("[]"), int(port), Security.IMPLICIT)
    if client.ca_file is not None:
        told["ca_file"] = str(client.ca_file)
    given = Secret(secret.get_secret_value()) if secret else None
    return known._replace(**told, client_secret=given)
