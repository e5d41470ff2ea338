"""Mail servers and what is known of them: how they are reached and checked, by the settings."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from adapters.composition.vaults import vault_over
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from engine.work.access import Accesses
from engine.work.addresses import ascii_form, normalised
from engine.work.ports import Probe
from engine.work.tokens import Tokens
from events.vocabulary import FailureClass

if TYPE_CHECKING:
    from adapters.mail.dialling import Dialler
    from adapters.mail.network import Network, NetworkPolicy
    from adapters.mail.proposing import Proposal


def told_probe(found: FailureClass | None) -> Probe:
    """The provider ``simulated``: a check finds what it is told to find."""
    from adapters.mail.told_probe import ToldProbe

    return ToldProbe(found)


def network_policy(
    settings: EngineSettings, allowed: "Sequence[Network] | None" = None
) -> "NetworkPolicy":
    """Which addresses mailboxes and providers may have; or others, to whom these are allowed."""
    from adapters.mail.dns import dns_lookup
    from adapters.mail.name_lookup import system_lookup
    from adapters.mail.network import NetworkPolicy

    lookup = dns_lookup(settings.dns_servers) if settings.dns_servers else system_lookup
    return NetworkPolicy(settings.allowed_networks if allowed is None else allowed, lookup)


def mail_dialler(settings: EngineSettings) -> "Dialler":
    """Make one and share it. Raises ``SettingsError``."""
    from adapters.mail.dialling import Dialler, verifying_context

    try:
        context = verifying_context(settings.mail_ca_file)
    except OSError as error:
        raise SettingsError(f"Setting mail_ca_file: it cannot be used: {error}.") from error
    return Dialler(network_policy(settings), context)


def mail_probe(
    opened: Opened,
    settings: EngineSettings,
    workspace: str,
    tokens: Tokens,
    dialler: "Dialler | None" = None,
) -> Probe:
    """Test Connection on real servers. ``dialler``: one that is there already.

    Raises ``SettingsError``.
    """
    from uuid import uuid4

    from adapters.mail.probe import MailProbe

    accesses = Accesses(vault_over(opened, settings), workspace, lambda: uuid4().hex)
    return MailProbe(accesses, tokens, dialler or mail_dialler(settings))


def proposed_servers(settings: EngineSettings, address: str) -> "Proposal":
    """Which servers a mailbox of that address probably has; never fails, takes 4 s at most."""
    from adapters.mail.dns import Dns
    from adapters.mail.proposing import proposed_servers as proposed

    return proposed(address, Dns(settings.dns_servers))


def sender_domain_warnings(settings: EngineSettings, address: str) -> Callable[[], list[str]]:
    """A sentence for each of SPF, DKIM and DMARC that the address's domain lacks or has wrong.

    Looked up beside whatever follows; to call what is returned waits for it. Never fails, takes 4 s
    at most.
    """
    from adapters.mail.beside import begun
    from adapters.mail.dns import Dns
    from adapters.mail.sender_domain import sender_domain_warnings as warnings

    domain = ascii_form(normalised(address)).rpartition("@")[2]
    return begun(lambda: warnings(domain, Dns(settings.dns_servers), settings.dkim_selectors))
