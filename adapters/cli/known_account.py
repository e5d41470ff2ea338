"""Finds an account by name, and the slots there are."""

from typing import TYPE_CHECKING

from adapters.cli.common import Here

if TYPE_CHECKING:
    from aggregates.email_account import EmailAccount


def known(here: Here, name: str) -> "EmailAccount":
    """The account with that address, as it is now; ends the program if there is none."""
    from adapters.screen.output import unknown
    from engine.work.addresses import normalised

    with here.look() as now:
        account = now.account(normalised(name))
    if account.status is None:
        unknown("email account", normalised(name), [*here.answers().accounts])
    return account


def slots(here: Here) -> set[str | None]:
    """The slots that accounts occupy or campaigns send from."""
    answers = here.answers()
    sitting = {each.slot_id for each in answers.accounts.values()}
    return sitting | {each.slot_id for each in answers.campaigns.values()}
