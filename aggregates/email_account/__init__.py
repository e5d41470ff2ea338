"""EmailAccount: one mailbox, by its normalised address (C, R, T, N)."""

from aggregates.email_account.commands import EmailAccountCommand
from aggregates.email_account.decide import decide
from aggregates.email_account.state import EmailAccount, evolve, initial

__all__ = ["EmailAccount", "EmailAccountCommand", "decide", "evolve", "initial"]
