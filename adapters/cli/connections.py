"""``sendledger accounts connect``, ``test``, ``check`` and ``reconnect``.

A check of an account at the provider ``simulated`` finds what ``--result`` says; a check of any
other account asks its mail servers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import account_settings, fleet
from adapters.cli.checked import (
    domain_warnings,
    explained_refusal,
    insist,
    new_credentials,
    tell,
    tell_found,
    tell_stage,
    tell_stages_of,
)
from adapters.cli.common import Session, actor, require_name, session
from adapters.cli.known_account import known, slots
from adapters.cli.mail_access import (
    Given,
    Imap,
    PasswordFile,
    Smtp,
    User,
    by_consent,
    by_password,
    consented,
)
from adapters.cli.providers import PROVIDERS, SIMULATED, Provider, provider_of, require_fitting
from adapters.cli.told_results import Found, Result, Verdict, class_of
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Account, Yes
from adapters.screen.output import fail
from adapters.screen.where import Where, Zoned

if TYPE_CHECKING:
    from aggregates.email_account import EmailAccount
    from aggregates.email_account.commands import ConnectAccount
    from engine.work.access import Access
    from engine.work.check_connection import Checked, ConnectionChecks
    from engine.work.findings import Watch
    from engine.work.mailboxes import Mailboxes
    from events.vocabulary import FailureClass

Pairs = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be repeated.")]
Anew = Annotated[
    bool, typer.Option("--anew", help="Ask for a new password, or for the provider's consent.")
]


def connect(
    slot: Annotated[str, typer.Argument(help="The slot that is to hold it.")],
    account: Account,
    provider: Provider = None,
    imap: Imap = None,
    smtp: Smtp = None,
    user: User = None,
    password_file: PasswordFile = None,
    yes: Yes = False,
    result: Result = None,
    signature: str | None = None,
    sender_name: str | None = None,
    sending_speed: Annotated[int | None, typer.Option(min=1, help="Emails a day.")] = None,
    limit: Pairs = None,
    schedule: Pairs = None,
    folder: Pairs = None,
    *,
    at: Where,
) -> None:
    """Connect an account to a slot, after a full check. Makes the store if there is none."""
    from aggregates.email_account.commands import ConnectAccount
    from engine.work.addresses import address_problem, normalised
    from engine.work.check_connection import UNCHECKED
    from events.vocabulary import Settings

    if provider is not None and provider not in PROVIDERS:
        fail(f"Provider {provider}: there are {', '.join(PROVIDERS)}.", EXIT_UNREADABLE)
    problem = address_problem(account)
    if problem:
        fail(f"The account's address {problem}: {account!r}.", EXIT_UNREADABLE)
    given = Given(imap, smtp, user, password_file, yes)
    if provider is not None:
        require_fitting(provider, given, result)
    told = account_settings.given(signature, sender_name, sending_speed, limit, schedule, folder)
    with session(at, create=True) as here:
        address = normalised(account)
        if slot.strip() not in slots(here):
            require_name("slot", slot.strip())
        provider = provider or provider_of(here, address, given, result)
        wanted = ConnectAccount(
            account_id=address,
            slot_id=slot.strip(),
            provider=provider,
            settings=Settings(**told),
            report=UNCHECKED,
            refusal=result.refusal if result else None,
        )
        insist(here, _connected(here, wanted, given))
        lost = fleet.lost(here, address)
        tell(here, address, f"{address} is connected in slot {slot.strip()}.", lost=lost)
        if not at.as_json:
            fleet.tell_connected(here, address, slot.strip())


def connection_test(account: Account, result: Found = None, *, at: Where) -> None:
    """Test Connection (C1). A failed test makes the account failed, and says why."""
    from engine.work.ports import Mailbox

    with session(at) as here:
        before = known(here, account)
        if _is_simulated(before, result):
            checks = told_checks(here, class_of(result))
            checked = checks.test(Mailbox(before.id), actor=actor())
        else:
            warnings = domain_warnings(here.settings, before.id)
            checked = real(here).test(before.id, actor=actor(), watch=tell_stage)
            warnings()
        insist(here, checked)
        tell_found(here, before, checked.findings)


def check(account: Account, result: Found = None, *, at: Where) -> None:
    """Check now as in the background (C2). A check that finds nothing new leaves nothing."""
    from engine.work.ports import Mailbox

    with session(at) as here:
        before = known(here, account)
        if _is_simulated(before, result):
            checked = told_checks(here, class_of(result)).in_background(Mailbox(before.id))
        else:
            checked = real(here).check_in_background(before.id)
        insist(here, checked)
        tell_found(here, before, checked.findings)


def reconnect(
    account: Annotated[str | None, typer.Argument(help="The account's address.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Every failed account, after a preview.")
    ] = False,
    preview: fleet.Preview = False,
    anew: Anew = False,
    imap: Imap = None,
    smtp: Smtp = None,
    password_file: PasswordFile = None,
    yes: Yes = False,
    result: Result = None,
    *,
    at: Zoned,
) -> None:
    """One-Click Reconnect (R1-R3): keeps every setting and every recipient, once verified.

    With the password or the consent that there is; with a new one: --anew or --password-file.
    """
    from engine.answers.telling.words import RESUME_ALL

    given = Given(imap, smtp, None, password_file, yes)
    if failed == (account is not None) or (account and preview):
        fail("Name an account; or --failed, with or without --preview.", EXIT_UNREADABLE)
    if failed and (anew or given != Given(yes=yes)):
        fail("--failed reconnects with what there is; name one account.", EXIT_UNREADABLE)
    with session(at) as here:
        if account is None:
            manner = fleet.Manner(preview, yes, at.as_json)
            one = _with_what_there_is(here, result, tell_stages_of)
            fleet.reconnect_failed(here, lambda name: explained_refusal(one(name)), manner)
            return
        before = known(here, account)
        if anew or given != Given(yes=yes):
            checked = _reconnected_anew(here, before, given, result)
        else:
            checked = _with_what_there_is(here, result, lambda _: tell_stage)(before.id)
        insist(here, checked, new_credentials(before, checked.findings))
        waiting = [
            each.campaign_id for each in here.answers().waiting_campaigns() if not each.holding
        ]
        told = f"{before.id} is reconnected; its settings are as before."
        if waiting:
            told += f" {RESUME_ALL} Waiting to be resumed: {', '.join(waiting)}."
        tell(here, before.id, told)


def real(here: Session) -> "Mailboxes":
    """The use cases of mailboxes, with real mail servers."""
    from adapters.composition.mailboxes import mailboxes_of
    from adapters.composition.programs import Program, logs_beside_answers

    logs_beside_answers()
    return mailboxes_of(Program(here.settings, here.opened, here.engine), here.workspace)


def told_checks(here: Session, found: "FailureClass | None" = None) -> "ConnectionChecks":
    """Checks at the provider ``simulated``, with the result that they are given."""
    from uuid import uuid4

    from adapters.composition.mail_servers import told_probe
    from engine.work.check_connection import ConnectionChecks

    return ConnectionChecks(here.engine, told_probe(found), here.workspace, lambda: uuid4().hex)


def _is_simulated(account: "EmailAccount", result: object) -> bool:
    simulated = account.provider == SIMULATED
    if result is not None and not simulated:
        fail(f"{account.id} is really checked: leave out --result.", EXIT_UNREADABLE)
    return simulated


def _connected(here: Session, wanted: "ConnectAccount", given: Given) -> "Checked":
    if wanted.provider == SIMULATED:
        return told_checks(here).connect(wanted, actor=actor())
    address = wanted.account_id
    if wanted.provider == "imap":
        access = by_password(here, address, given)
    else:
        access = consented(lambda: by_consent(here, wanted.provider, address))
    warnings = domain_warnings(here.settings, address)
    checked = real(here).connect(wanted, access, actor=actor(), watch=tell_stage)
    warnings()
    return checked


def _with_what_there_is(
    here: Session, result: Verdict | None, watch_of: "Callable[[str], Watch]"
) -> "Callable[[str], Checked]":
    from engine.work.ports import Mailbox

    def one(name: str) -> "Checked":
        account = known(here, name)
        if not _is_simulated(account, result):
            return real(here).reconnect(account.id, actor=actor(), watch=watch_of(account.id))
        return told_checks(here).reconnect(
            Mailbox(account.id),
            actor=actor(),
            configuration=account.configuration,
            refusal=result.refusal if result else None,
        )

    return one


def _reconnected_anew(
    here: Session, before: "EmailAccount", given: Given, result: Verdict | None
) -> "Checked":
    if _is_simulated(before, result):
        fail(f"{before.id} is simulated: it has no password.", EXIT_UNREADABLE)
    mailboxes = real(here)
    old = mailboxes.access(before.id)
    if before.provider == "imap":
        access = by_password(here, before.id, _completed(given, old))
    else:
        require_fitting(before.provider, given, None)
        subject = old.grant.subject if old and old.grant else None

        def consent() -> "Access":
            return by_consent(here, before.provider, before.id, subject, again=True)

        def record(code: str) -> None:
            mailboxes.reconnect(before.id, actor=actor(), refusal=code)

        access = consented(consent, record)
        if old is not None:
            access = access._replace(imap=old.imap, smtp=old.smtp)
    return mailboxes.reconnect(before.id, access, actor=actor(), watch=tell_stage)


def _completed(given: Given, old: "Access | None") -> Given:
    """What was given, with the old access for the rest."""
    if old is None:
        return given
    imap, smtp = given.imap or old.imap.written, given.smtp or old.smtp.written
    return given._replace(imap=imap, smtp=smtp, user=old.user)
