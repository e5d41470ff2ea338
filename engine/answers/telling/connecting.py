"""What the owner of a mailbox reads when asked to connect it (C1)."""

from collections.abc import Iterator
from datetime import datetime

from engine.answers.telling.one_line import one_line
from engine.answers.telling.reader import Reader
from engine.answers.telling.reconnecting import PERMISSIONS


def inviting(
    account_id: str, workspace: str, provider: tuple[str, str], until: datetime, reader: Reader
) -> Iterator[str]:
    """The text, paragraph by paragraph. ``provider``: its name, and its title for people."""
    name, title = provider
    account = one_line(account_id)
    yield f"The workspace {workspace} asks to send campaigns from your mailbox {account}."
    asks = PERMISSIONS.get(name, "asks for your permission")
    yield (
        f"The button leads to {title}, which {asks}. This permission is necessary for campaigns "
        f"to work: sign in as {account}, and tick every box."
    )
    yield f"This link works once, until {reader.when(until)}."


def connected(account_id: str) -> Iterator[str]:
    yield f"{one_line(account_id)} is connected: its Connection Status is Successful."
    yield "You can close this page."


def not_connected(account_id: str, why: str) -> Iterator[str]:
    yield f"{one_line(account_id)} is not connected."
    yield why
    yield "This link is used up. Ask whoever gave it to you for another one."
