"""``sendledger accounts``: connect, test, repair, disconnect and look at email accounts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import account_settings, fleet, links
from adapters.cli.common import Here, Session, actor, asking, require_name, session
from adapters.cli.told_results import Found, Result, Verdict, class_of
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json, Store, Workspace, Yes, group_options
from adapters.screen.output import agreed, fail, print_json, say
from adapters.screen.program import group
from adapters.screen.reading import Zone
from events.vocabulary import FailureClass

if TYPE_CHECKING:
    from aggregates.email_account import EmailAccount
    from engine.work.check_connection import Checked, ConnectionChecks
    from events.vocabulary import Settings

app = group()
app.command("readd")(fleet.readd)

Account = Annotated[str, typer.Argument(help="The account's address.")]
Provider = Annotated[
    str, typer.Option(help="Only `simulated` so far; real mail servers come later.")
]
Pairs = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be repeated.")]


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
    """Show one account: its settings, its clocks, and the campaigns that use it."""
    from adapters.cli.tables import show_account

    with asking(store, workspace) as here:
        address = known(here, account).id
        check = here.schedule.row(here.workspace, address)
        show_account(here.answers(), address, check, as_json=as_json)


@app.command()
def connect(
    slot: Annotated[str, typer.Argument(help="The slot that is to hold it.")],
    account: Account,
    provider: Provider = "simulated",
    result: Result = Verdict.PASSES,
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
    """Connect an account to a slot, after a full check. Makes the store if there is none."""
    from aggregates.email_account.commands import ConnectAccount
    from engine.work.addresses import address_problem, normalised
    from engine.work.check_connection import UNCHECKED
    from events.vocabulary import Settings

    if provider != "simulated":
        fail(f"Provider {provider}: there is only `simulated` so far.", EXIT_UNREADABLE)
    problem = address_problem(account)
    if problem:
        fail(f"The account's address {problem}: {account!r}.", EXIT_UNREADABLE)
    given = account_settings.given(signature, sender_name, sending_speed, limit, schedule, folder)
    with session(store, workspace, create=True) as here:
        address = normalised(account)
        if slot.strip() not in _slots(here):
            require_name("slot", slot.strip())
        wanted = ConnectAccount(
            account_id=address,
            slot_id=slot.strip(),
            provider=provider,
            settings=Settings(**given),
            report=UNCHECKED,
            refusal=result.refusal,
        )
        _insist(here, _checks(here).connect(wanted, actor=actor()))
        lost = fleet.lost(here, address)
        _tell(here, address, f"{address} is connected in slot {slot.strip()}.", as_json, lost=lost)
        if not as_json:
            fleet.tell_connected(here, address, slot.strip())


@app.command("test")
def check(
    account: Account,
    result: Found = "passes",
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Test Connection (C1). A failed test makes the account failed, and says why."""
    from engine.work.ports import Mailbox

    found = class_of(result)
    with session(store, workspace) as here:
        address = known(here, account).id
        _insist(here, _checks(here, found).test(Mailbox(address), actor=actor()))
        _tell_found(here, address, found, as_json)


@app.command("check")
def check_in_background(
    account: Account,
    result: Found = "passes",
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Record a background check by hand (C2). One that finds nothing new leaves nothing."""
    from engine.work.ports import Mailbox

    found = class_of(result)
    with session(store, workspace) as here:
        address = known(here, account).id
        _insist(here, _checks(here, found).in_background(Mailbox(address)))
        _tell_found(here, address, found, as_json)


@app.command()
def reconnect(
    account: Annotated[str | None, typer.Argument(help="The account's address.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Every failed account, after a preview.")
    ] = False,
    preview: fleet.Preview = False,
    yes: Yes = False,
    result: Result = Verdict.PASSES,
    store: Store = None,
    workspace: Workspace = None,
    _zone: Zone = None,
    as_json: Json = False,
) -> None:
    """One-Click Reconnect (R1-R3): keeps every setting and every recipient, once verified."""
    from engine.answers.telling.words import RESUME_ALL

    if failed == (account is not None) or (account and preview):
        fail("Name an account; or --failed, with or without --preview.", EXIT_UNREADABLE)
    with session(store, workspace) as here:
        if account is None:
            manner = fleet.Manner(preview, yes, as_json)
            fleet.reconnect_failed(here, lambda one: _reconnected(here, one, result), manner)
            return
        checked = _reconnected(here, account, result)
        _insist(here, checked)
        waiting = [
            each.campaign_id for each in here.answers().waiting_campaigns() if not each.holding
        ]
        address = known(here, account).id
        told = f"{address} is reconnected; nothing of it changed."
        if waiting:
            told += f" {RESUME_ALL} Waiting to be resumed: {', '.join(waiting)}."
        _tell(here, address, told, as_json)


def _reconnected(here: Session, account: str, result: Verdict) -> "Checked":
    """One-Click Reconnect with what is stored."""
    from engine.work.ports import Mailbox

    before = known(here, account)
    return _checks(here).reconnect(
        Mailbox(before.id),
        actor=actor(),
        configuration=before.configuration,
        refusal=result.refusal,
    )


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
        follows = of_disconnecting(here.engine, here.workspace, address, here.store.now())
        if not as_json:
            tell_consequences(follows)
        if not preview:
            agreed(f"Disconnect {address}?", yes=yes)
            here.ask(DisconnectAccount(account_id=address))
        if as_json:
            told = {**rows.consequences(follows), "cheaper": reconnecting(address)}
            lost = fleet.lost(here, address)
            print_json({"disconnected": not preview, "preview": told, "lost": lost})
        elif not preview:
            say(f"{address} is disconnected. Its settings are back to defaults.")
            fleet.tell_lost(here, address, before.slot_id)


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


app.command("link")(links.link)


def _slots(here: Here) -> set[str | None]:
    """Slots that accounts sit in or campaigns send from."""
    answers = here.answers()
    sitting = {each.slot_id for each in answers.accounts.values()}
    return sitting | {each.slot_id for each in answers.campaigns.values()}


def known(here: Here, name: str) -> "EmailAccount":
    """The account of that address, as it is now; ends the program if there is none."""
    from adapters.screen.output import unknown
    from engine.work.addresses import normalised

    with here.look() as now:
        account = now.account(normalised(name))
    if account.status is None:
        unknown("email account", normalised(name), [*here.answers().accounts])
    return account


def _checks(here: Session, found: FailureClass | None = None) -> "ConnectionChecks":
    """At the provider ``simulated``, whose check finds what it is told to."""
    from uuid import uuid4

    from adapters.composition import told_probe
    from engine.work.check_connection import ConnectionChecks

    return ConnectionChecks(here.engine, told_probe(found), here.workspace, lambda: uuid4().hex)


def _insist(here: Session, checked: "Checked") -> None:
    if checked.reply is not None:
        here.insist(checked.reply)


def _tell_found(here: Session, address: str, found: FailureClass | None, as_json: bool) -> None:
    """What a check found, and how the account is since."""
    row = here.answers().accounts[address]
    why = f" {row.reason}" if row.reason else ""
    outcome = "The check passed." if found is None else f"The check found {found}."
    _tell(here, address, f"{outcome} Connection Status of {address}: {row.status}.{why}", as_json)


def _tell(here: Session, address: str, sentence: str, as_json: bool, **more: Any) -> None:
    """What was done, and the account as it is now; ``more`` for programs."""
    from engine.answers.telling import rows

    if as_json:
        row = here.answers().accounts[address]
        print_json({"account": rows.told(row, rows.ACCOUNT), **more})
    else:
        say(sentence)
