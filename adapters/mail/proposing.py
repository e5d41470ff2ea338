"""Servers proposed from an address: by a table of ours, the domain's MX, or SRV (RFC 6186, 8314). A
proposal is always shown and can be edited; nothing is connected to."""

from typing import NamedTuple

from adapters.mail.dns import Dns, NoSuchName, Srv, Unanswered
from adapters.mail.known_servers import Known, known_by_domain, known_by_exchanger, provider_at
from engine.work.access import Security, Server
from engine.work.addresses import ascii_form, normalised

OTHER = "imap"
"""The provider in an access that is neither Google's nor Microsoft's."""
_IMAP = (("_imaps._tcp", Security.IMPLICIT), ("_imap._tcp", Security.STARTTLS))
_SMTP = (("_submissions._tcp", Security.IMPLICIT), ("_submission._tcp", Security.STARTTLS))


class Proposal(NamedTuple):
    """``provider`` as in ``Access``; a server is None if none is known.

    ``certain`` is False if only DNS leads to a server of another domain: anyone who can answer in
    place of a name server would get the password, so the user has to agree (RFC 6186, 6).
    """

    provider: str = OTHER
    imap: Server | None = None
    smtp: Server | None = None
    certain: bool = True


def proposed_servers(address: str, dns: Dns) -> Proposal:
    """The proposal; empty if nothing is known. Never fails; takes as long as ``dns`` may."""
    try:
        domain = ascii_form(normalised(address)).rpartition("@")[2]
    except ValueError:
        return Proposal()
    known = known_by_domain(domain) or _hosted(domain, dns)
    return _of(known) if known else _by_services(domain, dns)


def _hosted(domain: str, dns: Dns) -> Known | None:
    try:
        exchangers = dns.exchangers(domain)
    except (NoSuchName, Unanswered):
        return None
    return next((known for each in exchangers if (known := known_by_exchanger(each))), None)


def _of(known: Known) -> Proposal:
    return Proposal(known.oauth or OTHER, known.imap, known.smtp)


def _by_services(domain: str, dns: Dns) -> Proposal:
    imap, smtp = (_service(domain, names, dns) for names in (_IMAP, _SMTP))
    named = [each.host for each in (imap, smtp) if each]
    certain = all(f".{host}".endswith(f".{domain}") or provider_at(host) for host in named)
    return Proposal(OTHER, imap, smtp, certain)


def _service(domain: str, names: tuple[tuple[str, Security], ...], dns: Dns) -> Server | None:
    """The service's server, preferably one with TLS from the first octet (RFC 8314)."""
    for name, security in names:
        for each in _services(f"{name}.{domain}", dns):
            if each.host is not None and each.port:
                return Server(each.host, each.port, security)
    return None


def _services(name: str, dns: Dns) -> list[Srv]:
    try:
        return dns.services(name)
    except (NoSuchName, Unanswered):
        return []
