"""``sendledger accounts``: connect, test, repair, disconnect and look at email accounts."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import account_settings, connections, fleet, links
from adapters.cli.common import asking, session
from adapters.cli.connections import Pairs, real
from adapters.cli.known_account import known
from adapters.screen.options import Account, Json, Store, Workspace, Yes, group_options
from adapters.screen.output import agreed, print_json, say
from adapters.screen.program import group
from adapters.screen.reading import Zone

if TYPE_CHECKING:
    from events.vocabulary import Settings

app = group()


@app.callback(invoke_without_command=True)
def accounts(
    context: typer.Context,
    store: Store = None,
    workspace: Workspace = None,
    _zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Email accounts. Without a command: show each, and if it does not work, why and until when."""
    if group_options(context):
        show_all(store, workspace, as_json=as_json)


@app.command("list")
def show_all(
    store: Store = None, workspace: Workspace = None, _zone: Zone = None, as_json: Json = False
) -> None:
    """Show each email account: does it work, and if not, why and until when can it be repaired?"""
    from adapters.cli.tables import show_accounts

    with asking(store, workspace) as here:
        show_accounts(here.answers(), as_json=as_json)


@app.command()
def show(
    account: Account,
    store: Store = None,
    workspace: Workspace = None,
    _zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Show one account: how much it sent today, its clocks, and the campaigns that use it."""
    from adapters.cli.tables import Pace, show_account
    from engine.answers.waits import account_pace

    with asking(store, workspace) as here:
        found = known(here, account)
        check = here.schedule.row(here.workspace, found.id)
        pace = Pace(account_pace(found, here.current.now), here.current.now)
        show_account(here.answers(), found.id, check, pace, as_json=as_json)


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
    preview: Annotated[bool, typer.Option("--preview", help="Show what would follow; stop.")] = (
        False
    ),
    store: Store = None,
    workspace: Workspace = None,
    _zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Begin a Two-Step Reconnect: disconnect, after showing what follows and for whom (T2)."""
    from adapters.cli.tables import tell_consequences
    from adapters.screen.hints import reconnecting
    from aggregates.email_account.commands import DisconnectAccount
    from engine.answers.consequences import of_disconnecting
    from engine.answers.telling import rows

    with session(store, workspace) as here:
        before = known(here, account)
        address = before.id
        with here.look() as now:
            follows = of_disconnecting(now, here.settings.policy, address, here.store.now())
        if not as_json:
            tell_consequences(follows)
        if not preview:
            agreed(f"Disconnect {address}?", yes=yes)
            here.ask(DisconnectAccount(account_id=address))
            if before.credentials is not None:
                real(here).forget(address, before.credentials)
        if as_json:
            told = {**rows.consequences(follows), "cheaper": reconnecting(address)}
            lost = fleet.lost(here, address)
            print_json({"disconnected": not preview, "preview": told, "lost": lost})
        elif not preview:
            say(f"{address} is disconnected. Its settings are back to defaults.")
            fleet.tell_lost(here, address, before.slot_id)


@app.command()
def erase(
    account: Account,
    yes: Yes = False,
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Erase what mail servers said of an account, for good (C1). Its history stays whole."""
    with session(store, workspace) as here:
        address = known(here, account).id
        agreed(f"Erase what servers said of {address} for good? Nobody can undo this.", yes=yes)
        here.opened.evidence.forget(here.workspace, address)
        if as_json:
            print_json({"account_id": address, "erased": True})
        else:
            say(f"What servers said of {address} is erased; classes and digests stay.")


@app.command()
def settings(
    account: Account,
    signature: str | None = None,
    sender_name: str | None = None,
    sending_speed: Annotated[int | None, typer.Option(min=1, help="Emails a day.")] = None,
    limit: Pairs = None,
    schedule: Pairs = None,
    folder: Pairs = None,
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Show an account's settings, or set those that are named."""
    from aggregates.email_account.commands import UpdateSettings

    given = account_settings.given(signature, sender_name, sending_speed, limit, schedule, folder)
    with session(store, workspace) as here:
        before = known(here, account)
        now: Settings = before.settings.model_copy(update=given)
        if given and now != before.settings:
            here.ask(UpdateSettings(account_id=before.id, settings=now))
        shown = now.model_dump()
        if as_json:
            print_json({"account_id": before.id, "settings": shown})
            return
        for name, value in shown.items():
            say(f"{name}: {account_settings.spoken(value)}")
