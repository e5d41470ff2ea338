"""An account's mailbox, according to its events."""

from aggregates.email_account import EmailAccount
from engine.work.ports import Mailbox


def mailbox_of(account: EmailAccount) -> Mailbox:
    return Mailbox(account.id, account.credentials, account.settings.folders.get("sent"))
