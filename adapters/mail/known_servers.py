"""Servers of widely used providers, by the domain of their addresses or of their MX.

Each entry comes from the provider's own help pages. For other providers, DNS is asked, or the user
states the servers.
"""

from typing import NamedTuple

from engine.work.access import Security, Server

IMAPS, SUBMISSIONS, SUBMISSION = 993, 465, 587


class Known(NamedTuple):
    """``provider`` is the classifier's name for it, ``domains`` are those of addresses, and
    ``exchangers`` are endings of MX names, for other domains that are hosted there. ``oauth``: log
    in by consent."""

    provider: str
    imap: Server
    smtp: Server
    domains: frozenset[str] = frozenset()
    exchangers: tuple[str, ...] = ()
    oauth: str | None = None


def _known(
    provider: str,
    imap: str,
    smtp: str,
    *domains: str,
    exchangers: tuple[str, ...] = (),
    oauth: str | None = None,
    starttls: bool = False,
) -> Known:
    return Known(
        provider,
        Server(imap, IMAPS, Security.IMPLICIT),
        Server(smtp, SUBMISSION, Security.STARTTLS)
        if starttls
        else Server(smtp, SUBMISSIONS, Security.IMPLICIT),
        frozenset(domains),
        exchangers,
        oauth,
    )


KNOWN = (
    _known(
        *("google", "imap.gmail.com", "smtp.gmail.com", "gmail.com", "googlemail.com"),
        exchangers=(".google.com", ".googlemail.com"),
        oauth="google",
    ),
    _known(
        *("microsoft", "outlook.office365.com", "smtp.office365.com"),
        exchangers=(".mail.protection.outlook.com", ".mx.microsoft"),
        oauth="microsoft",
        starttls=True,
    ),
    _known(
        *("microsoft", "outlook.office365.com", "smtp-mail.outlook.com"),
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de"),
        *("hotmail.co.uk", "hotmail.fr", "live.de", "live.co.uk", "live.fr"),
        oauth="microsoft",
        starttls=True,
    ),
    _known(
        *("yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com"),
        *("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "ymail.com", "rocketmail.com"),
        exchangers=(".yahoodns.net",),
    ),
    _known("yahoo", "imap.aol.com", "smtp.aol.com", "aol.com"),
    _known(
        *("icloud", "imap.mail.me.com", "smtp.mail.me.com", "icloud.com", "me.com", "mac.com"),
        exchangers=(".mail.icloud.com",),
        starttls=True,
    ),
    _known("gmx", "imap.gmx.net", "mail.gmx.net", "gmx.de", "gmx.net", "gmx.at", "gmx.ch"),
    _known("gmx", "imap.gmx.com", "mail.gmx.com", "gmx.com"),
    _known("webde", "imap.web.de", "smtp.web.de", "web.de"),
    _known(
        *("fastmail", "imap.fastmail.com", "smtp.fastmail.com", "fastmail.com", "fastmail.fm"),
        exchangers=(".messagingengine.com",),
    ),
    _known(
        *("zoho", "imap.zoho.com", "smtp.zoho.com", "zoho.com", "zohomail.com"),
        exchangers=(".zoho.com",),
    ),
    _known("zoho", "imap.zoho.eu", "smtp.zoho.eu", "zohomail.eu", exchangers=(".zoho.eu",)),
    _known(
        *("yandex", "imap.yandex.com", "smtp.yandex.com", "yandex.com", "yandex.ru", "ya.ru"),
        exchangers=(".yandex.net", ".yandex.ru"),
    ),
    _known(
        *("mailru", "imap.mail.ru", "smtp.mail.ru", "mail.ru", "inbox.ru", "bk.ru", "list.ru"),
        exchangers=(".mail.ru",),
    ),
    _known("qq", "imap.qq.com", "smtp.qq.com", "qq.com", "foxmail.com"),
    _known("qq", "imap.exmail.qq.com", "smtp.exmail.qq.com", exchangers=(".qq.com",)),
    _known("163", "imap.163.com", "smtp.163.com", "163.com"),
    _known("126", "imap.126.com", "smtp.126.com", "126.com"),
    _known(
        *("ionos", "imap.ionos.de", "smtp.ionos.de"),
        exchangers=(".kundenserver.de", ".ionos.de"),
    ),
    _known("t-online", "secureimap.t-online.de", "securesmtp.t-online.de", "t-online.de"),
)

_BY_HOST = {each.host: known.provider for known in KNOWN for each in (known.imap, known.smtp)}


FILES_SENT = {"google", "microsoft", "fastmail", "zoho"}
"""Providers whose SMTP servers file what they accept in the Sent folder by themselves."""


def provider_at(host: str) -> str | None:
    """The provider that runs that server; None if it is not in this table."""
    return _BY_HOST.get(host.casefold().removesuffix("."))


def known_by_domain(domain: str) -> Known | None:
    return next((each for each in KNOWN if domain in each.domains), None)


def known_by_exchanger(host: str) -> Known | None:
    """The provider of that mail exchanger (MX); None if it is not in this table."""
    return next((each for each in KNOWN if f".{host}".endswith(each.exchangers)), None)
