"""What a sender's domain lacks for its mail to be trusted: SPF, DKIM, DMARC. Only warnings.

The sentences repeat nothing that name servers answered.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from adapters.mail.dns import Dns, NoSuchName, Unanswered

MOST_LOOKUPS = 10
"""The limit of RFC 7208, section 4.6.4."""
_TERM = re.compile(
    r"[+?~-]?(all|(include|exists|ip4|ip6):\S+|(a|mx)([:/]\S+)?|ptr(:\S+)?)"
    r"|[a-z][a-z0-9_.-]*=\S*",
    re.IGNORECASE,
)
_LOOKS_UP = re.compile(r"[+?~-]?(include:|exists:|a\b|mx\b|ptr\b)|redirect=", re.IGNORECASE)
_SPF = re.compile(r"v=spf1( |$)", re.IGNORECASE)
_DMARC = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
_POLICY = re.compile(r";\s*p\s*=\s*(none|quarantine|reject)\s*(;|$)", re.IGNORECASE)
_KEY = re.compile(r"(^|;)\s*p\s*=\s*[A-Za-z0-9+/]")


def sender_domain_warnings(domain: str, dns: Dns, selectors: Sequence[str]) -> list[str]:
    """A sentence for each thing that is missing; none if DNS does not answer. Never fails, and
    takes as long as ``dns`` may."""
    found = []
    for look in (_spf, _dmarc, partial(_dkim, selectors=selectors)):
        with suppress(Unanswered):
            found.append(look(domain, dns))
    return [each for each in found if each]


def _spf(domain: str, dns: Dns) -> str | None:
    records = [each for each in _texts(domain, dns) if _SPF.match(each)]
    if not records:
        return f"{domain} has no SPF record: receivers cannot tell which servers may send for it."
    if len(records) > 1:
        return f"{domain} has {len(records)} SPF records, so none of them counts: keep one."
    terms = records[0].split()[1:]
    if not all(_TERM.fullmatch(each) for each in terms):
        return f"The SPF record of {domain} cannot be read, so it does not count: correct it."
    if sum(1 for each in terms if _LOOKS_UP.match(each)) > MOST_LOOKUPS:
        return f"The SPF record of {domain} needs more than {MOST_LOOKUPS} lookups: shorten it."
    if any(each.lower() in {"all", "+all"} for each in terms):
        return f"The SPF record of {domain} lets everybody send for it: end it with -all or ~all."
    return None


def _dmarc(domain: str, dns: Dns) -> str | None:
    """The warning, unless the domain or one above has a DMARC record (tree walk of DMARCbis)."""
    labels = domain.split(".")
    for above in range(max(len(labels) - 1, 1)):
        name = ".".join(labels[above:])
        records = [each for each in _texts(f"_dmarc.{name}", dns) if _DMARC.match(each)]
        if len(records) > 1:
            return f"{name} has {len(records)} DMARC records, so none of them counts: keep one."
        if records:
            told = f"The DMARC record of {name} states no policy: add p=none or a stricter one."
            return None if _POLICY.search(records[0]) else told
    return f"{domain} has no DMARC record: large providers want one from whoever sends much."


def _dkim(domain: str, dns: Dns, selectors: Sequence[str]) -> str | None:
    """The warning, unless a key is found. Selectors cannot be listed: not finding a key proves only
    that it is not under these selectors, unless nothing exists below the name of all keys."""
    try:
        dns.texts(f"_domainkey.{domain}")
    except NoSuchName:
        return f"{domain} has no DKIM key: mail is not signed for it, or cannot be verified."
    for selector in selectors:
        if any(_KEY.search(each) for each in _texts(f"{selector}._domainkey.{domain}", dns)):
            return None
    return (
        f"No DKIM key of {domain} was found under the {len(selectors)} selectors that were tried. "
        "Selectors cannot be listed: if the domain uses another one, add it to dkim_selectors."
    )


def _texts(name: str, dns: Dns) -> list[str]:
    try:
        return dns.texts(name)
    except NoSuchName:
        return []
