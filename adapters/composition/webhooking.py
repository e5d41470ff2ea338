"""Where webhooks are put together: endpoints, secrets, the way to receivers."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import random
from secrets import token_hex
from typing import NamedTuple

from adapters.composition.mail_servers import network_policy
from adapters.composition.programs import Opened
from adapters.composition.vaults import vault_over
from adapters.mail.dialling import verifying_context
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.stores.clocks import system_clock
from adapters.stores.small_tables.webhooks import StoredEndpoints
from adapters.webhooks.sending import HttpSender
from engine.work.webhooks.delivering import Parts
from engine.work.webhooks.managing import Webhooks
from engine.work.webhooks.signing import SigningSecrets


class Delivering(NamedTuple):
    webhooks: Webhooks
    parts: Parts


@contextmanager
def webhooks_over(opened: Opened, settings: EngineSettings) -> Iterator[Delivering]:
    """What is done with a store's webhooks; connections are kept until the end of the block.

    Raises ``SettingsError``.
    """
    sender = _sender(settings)
    try:
        secrets = SigningSecrets(vault_over(opened, settings), system_clock)
        endpoints = StoredEndpoints(opened.beside)
        parts = Parts(opened.store, endpoints, secrets, sender, system_clock, random)
        yield Delivering(Webhooks(parts, lambda: token_hex(8)), parts)
    finally:
        sender.close()


def _sender(settings: EngineSettings) -> HttpSender:
    try:
        trusted = verifying_context(settings.webhook_ca_file)
    except OSError as error:
        raise SettingsError(f"Setting webhook_ca_file: it cannot be used: {error}.") from error
    return HttpSender(network_policy(settings, settings.webhook_allow), trusted)
