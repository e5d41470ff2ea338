"""The way to the owners of mailboxes, by the settings."""

from functools import partial
from typing import TYPE_CHECKING

from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from engine.ports.views import ReadableViews
from engine.work.ports import OwnerLetters
from engine.work.secret import Secret

if TYPE_CHECKING:
    from adapters.mail.notice_message import Link
    from adapters.mail.notices_smtp import SmtpNotices
    from adapters.mail.owners import Owners


def owner_channel(
    settings: EngineSettings, views: ReadableViews, link: "Link | None" = None
) -> OwnerLetters | None:
    """The way to owners that the settings name; None where they name none. ``link``: where they
    may reconnect, unless below the public address.

    Raises ``SettingsError``.
    """
    from adapters.mail.outbox import MaildirOutbox

    try:
        if settings.notice_relay is not None:
            return _smtp_notices(settings, settings.notice_relay, views, link or _link(settings))
        if settings.outbox is not None:
            return MaildirOutbox(settings.outbox, _owners(settings), link or _link(settings))
    except (ValueError, OSError) as error:
        raise SettingsError(f"Notices cannot be sent as the settings say: {error}.") from error
    return None


def _smtp_notices(
    settings: EngineSettings, relay: str, views: ReadableViews, link: "Link"
) -> "SmtpNotices":
    from ssl import create_default_context

    from adapters.mail.notices_smtp import SmtpNotices
    from adapters.mail.relay import Relay, Tls

    if settings.notice_sender is None:
        raise SettingsError("Setting notice_sender: notice_relay needs an address to send from.")
    password, (host, _, port) = settings.notice_relay_password, relay.rpartition(":")
    return SmtpNotices(
        Relay(
            host=host.strip("[]"),
            port=int(port),
            tls=Tls(settings.notice_relay_tls),
            context=create_default_context(cafile=settings.notice_relay_ca_file),
            user=settings.notice_relay_user,
            password=Secret(password.get_secret_value()) if password else None,
        ),
        _owners(settings),
        settings.notice_sender,
        connected=lambda address: _is_connected(views, address),
        link=link,
    )


def _owners(settings: EngineSettings) -> "Owners":
    from adapters.mail.owners import Owners
    from engine.answers.telling.reader import zone_named

    return Owners(
        settings.owner_address,
        settings.owners,
        settings.admins,
        zone_named(settings.owner_zone),
        {address: zone_named(zone) for address, zone in settings.owner_zones.items()},
    )


def _link(settings: EngineSettings) -> "Link":
    """Where a notice's reader may reconnect the account."""
    from adapters.mail.notice_message import no_link, reconnect_link

    return partial(reconnect_link, settings.public_url) if settings.public_url else no_link


def _is_connected(views: ReadableViews, address: str) -> bool:
    """In any workspace."""
    from events.vocabulary import ConnectionStatus
    from projections.accounts import ACCOUNTS

    rows = views.rows(ACCOUNTS, account_id=address)
    return any(row.status is not ConnectionStatus.DISCONNECTED for row in rows)
