"""``sendledger accounts``: connect, test, repair, disconnect and look at email accounts."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import account_settings, connections, fleet, links
from adapters.cli.common import asking, session
from adapters.cli.connections import Pairs, real
from adapters.cli.known_account import known
from adapters.screen.options import Account, Yes, group_options
from adapters.screen.output import agreed, print_json, say
from adapters.screen.program import group
from adapters.screen.where import Where, Zoned

if TYPE_CHECKING:
    from events.vocabulary import Settings

app = group()


@app.callback(invoke_without_command=True)
def accounts(context: typer.Context, *, at: Zoned) -> None:
    """Email accounts. Without a command: show each, and if it does not work, why and until when."""
    if group_options(context):
        show_all(at=at)


@app.command("list")
def show_all(*, at: Zoned) -> None:
    """Show each email account: does it work, and if not, why and until when can it be repaired?"""
    from adapters.cli.tables import show_accounts

    with asking(at) as here:
        show_accounts(here.answers(), as_json=at.as_json)


@app.command()
def show(account: Account, *, at: Zoned) -> None:
    """Show one account: how much it sent today, its clocks, and the campaigns that use it."""
    from adapters.cli.tables import Pace, show_account
    from engine.answers.waits import account_pace

    with asking(at) as here:
        found = known(here, account)
        check = here.schedule.row(here.workspace, found.id)
        pace = Pace(account_pace(found, here.current.now), here.current.now)
        show_account(here.answers(), found.id, check, pace, as_json=at.as_json)


app.command("connect")(connections.connect)
app.command("test")(connections.connection_test)
app.command("check")(connections.check)
app.command("reconnect")(connections.reconnect)
app.command("readd")(fleet.readd)
app.command("link")(links.link)


@app.command()
def disconnect(
    account: Account,
    yes: Yes = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would follow; stop.")
    ] = False,
    *,
    at: Zoned,
) -> None:
    """Begin a Two-Step Reconnect: disconnect, after showing what follows and for whom (T2)."""
    from adapters.cli.tables import tell_consequences
    from adapters.screen.hints import reconnecting
    from aggregates.email_account.commands import DisconnectAccount
    from engine.answers.consequences import of_disconnecting
    from engine.answers.telling import rows

    with session(at) as here:
        before = known(here, account)
        address = before.id
        with here.look() as now:
            follows = of_disconnecting(now, here.settings.policy, address, here.store.now())
        if not at.as_json:
            tell_consequences(follows)
        if not preview:
            agreed(f"Disconnect {address}?", yes=yes)
            here.ask(DisconnectAccount(account_id=address))
            if before.credentials is not None:
                real(here).forget(address, before.credentials)
        if at.as_json:
            told = {**rows.consequences(follows), "cheaper": reconnecting(address)}
            lost = fleet.lost(here, address)
            print_json({"disconnected": not preview, "preview": told, "lost": lost})
        elif not preview:
            say(f"{address} is disconnected. Its settings are back to defaults.")
            fleet.tell_lost(here, address, before.slot_id)


@app.command()
def erase(account: Account, yes: Yes = False, *, at: Where) -> None:
    """Erase what mail servers said of an account, for good (C1). Its history stays whole."""
    with session(at) as here:
        address = known(here, account).id
        agreed(f"Erase what servers said of {address} for good? Nobody can undo this.", yes=yes)
        here.opened.evidence.forget(here.workspace, address)
        at.tell(
            {"account_id": address, "erased": True},
            f"What servers said of {address} is erased; classes and digests stay.",
        )


@app.command()
def settings(
    account: Account,
    signature: str | None = None,
    sender_name: str | None = None,
    sending_speed: Annotated[int | None, typer.Option(min=1, help="Emails a day.")] = None,
    limit: Pairs = None,
    schedule: Pairs = None,
    folder: Pairs = None,
    *,
    at: Where,
) -> None:
    """Show an account's settings, or set those that are named."""
    from aggregates.email_account.commands import UpdateSettings

    given = account_settings.given(signature, sender_name, sending_speed, limit, schedule, folder)
    with session(at) as here:
        before = known(here, account)
        now: Settings = before.settings.model_copy(update=given)
        if given and now != before.settings:
            here.ask(UpdateSettings(account_id=before.id, settings=now))
        shown = now.model_dump()
        lines = (f"{name}: {account_settings.spoken(value)}" for name, value in shown.items())
        at.tell({"account_id": before.id, "settings": shown}, *lines)
