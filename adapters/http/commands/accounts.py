"""What may be done to email accounts: connect, test, reconnect, change settings, disconnect."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from adapters.composition.mail_servers import proposed_servers, told_probe
from adapters.composition.mailboxes import accesses_of, mailboxes_of
from adapters.http.commands.operation import Asked, Body, Operation, Preview, Progress, Told
from adapters.http.commands.performing import Refused, insist
from adapters.http.problems import NotFound, Problem
from aggregates.calendar import is_zone
from aggregates.email_account import EmailAccount
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount, UpdateSettings
from engine.answers.consequences import of_disconnecting
from engine.answers.telling import rows
from engine.command_context import Look
from engine.reply import Reply
from engine.work.access import Access
from engine.work.addresses import address_problem, normalised
from engine.work.check_connection import UNCHECKED, Checked, ConnectionChecks
from engine.work.mailboxes import Mailboxes
from engine.work.permissions import Act
from engine.work.ports import Mailbox
from engine.work.secret import Secret, VaultError
from engine.work.written_servers import read_server
from events.vocabulary import FailureClass, Settings

SIMULATED = "simulated"
LONGEST_SECRET = 10_000
Text = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _address(text: str) -> str:
    problem = address_problem(text)
    if problem is not None:
        raise ValueError(f"the address {problem}")
    return normalised(text)


Address = Annotated[Name, AfterValidator(_address)]
Refusing = Literal[
    "still_failing", "insufficient_scope", "identity_mismatch", "configuration_changed"
]


class SettingsGiven(Body):
    """What is left out stays as it is."""

    signature: Text | None = None
    sender_name: Text | None = None
    sending_speed: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    limits: dict[Name, Annotated[int, Field(ge=0, le=1_000_000_000)]] | None = None
    schedule: dict[Name, Name] | None = None
    folders: dict[Name, Name] | None = None

    @model_validator(mode="after")
    def _zone_exists(self) -> "SettingsGiven":
        if not is_zone((self.schedule or {}).get("zone", "UTC")):
            raise ValueError("schedule.zone: expected a time zone like Europe/Berlin")
        return self

    def on(self, before: Settings) -> Settings:
        return before.model_copy(update=self.model_dump(exclude_none=True))


class Opening(Body):
    """How the mailbox is reached and opened, where there is a password."""

    imap: Name | None = None
    """``HOST``, ``HOST:PORT`` or ``HOST:PORT/starttls``; by default proposed from the address."""
    smtp: Name | None = None
    user: Name | None = None
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_SECRET)] | None = None
    result: Refusing | None = None
    """The result of the check at the provider ``simulated``; by default it passes."""

    @model_validator(mode="after")
    def _servers_are_some(self) -> "Opening":
        for text, ports in ((self.imap, (993, 143)), (self.smtp, (465, 587))):
            if text is not None:
                read_server(text, *ports)
        return self


class NewAccount(Opening):
    account_id: Address
    slot_id: Name
    provider: Literal["imap", "simulated"] = "imap"
    settings: SettingsGiven = SettingsGiven()


class Tested(Body):
    result: FailureClass | None = None
    """The result of the check at the provider ``simulated``; by default it passes."""


def connect(asked: Asked, _: Progress) -> Told:
    body: NewAccount = asked.body
    wanted = ConnectAccount(
        account_id=body.account_id,
        slot_id=body.slot_id.strip(),
        provider=body.provider,
        settings=body.settings.on(Settings()),
        report=UNCHECKED,
        refusal=body.result,
    )
    if body.provider == SIMULATED:
        return told_of(simulated(asked).connect(wanted, actor=asked.actor))
    return told_of(real(asked).connect(wanted, _access(asked, body), actor=asked.actor))


def test(asked: Asked, _: Progress) -> Told:
    account = known(asked)
    if account.provider == SIMULATED:
        checks = simulated(asked, asked.body.result)
        return told_of(checks.test(Mailbox(account.id), actor=asked.actor))
    _require_unsaid(account, asked.body.result)
    return told_of(real(asked).test(account.id, actor=asked.actor))


def check(asked: Asked, _: Progress) -> Told:
    account = known(asked)
    if account.provider == SIMULATED:
        return told_of(simulated(asked, asked.body.result).in_background(Mailbox(account.id)))
    _require_unsaid(account, asked.body.result)
    return told_of(real(asked).check_in_background(account.id))


def reconnect(asked: Asked, _: Progress) -> Told:
    body: Opening = asked.body
    account = known(asked)
    if account.provider == SIMULATED:
        return told_of(reconnected(asked, account, body.result))
    _require_unsaid(account, body.result)
    if body.password is None:
        return told_of(reconnected(asked, account))
    mailboxes = real(asked)
    old = mailboxes.access(account.id)
    access = _access(asked, body, old)
    return told_of(mailboxes.reconnect(account.id, access, actor=asked.actor))


def reconnected(asked: Asked, account: EmailAccount, refusal: str | None = None) -> Checked:
    """The result of a reconnect with the access that is stored now."""
    if account.provider != SIMULATED:
        return real(asked, account.id).reconnect(account.id, actor=asked.actor)
    return simulated(asked, None, account.id).reconnect(
        Mailbox(account.id),
        actor=asked.actor,
        configuration=account.configuration,
        refusal=refusal,
    )


def known(asked: Asked) -> EmailAccount:
    """The account in the path. Raises ``NotFound``."""
    name = normalised(asked.names["account_id"])
    with asked.engine.look(asked.workspace) as now:
        account = now.account(name)
    if account.status is None:
        raise NotFound("account", name)
    return account


def real(asked: Asked, *step: str) -> Mailboxes:
    new_id = asked.key.new_ids(*step)
    return mailboxes_of(asked.site.program, asked.workspace, new_id=new_id)


def simulated(asked: Asked, found: FailureClass | None = None, *step: str) -> ConnectionChecks:
    new_id = asked.key.new_ids(*step)
    return ConnectionChecks(asked.engine, told_probe(found), asked.workspace, new_id)


def _require_unsaid(account: EmailAccount, result: object) -> None:
    if result is not None:
        told = f"{account.id} is really checked: leave out result."
        raise Problem(422, "really_checked", told)


def _access(asked: Asked, body: Opening, old: Access | None = None) -> Access:
    address = body.account_id if isinstance(body, NewAccount) else known(asked).id
    imap = read_server(body.imap, 993, 143) if body.imap else old and old.imap
    smtp = read_server(body.smtp, 465, 587) if body.smtp else old and old.smtp
    if imap is None or smtp is None:
        proposed = proposed_servers(asked.site.settings, address)
        certain = proposed if proposed.certain else proposed._replace(imap=None, smtp=None)
        imap, smtp = imap or certain.imap, smtp or certain.smtp
    if imap is None or smtp is None or body.password is None:
        told = f"Nobody names for certain how {address} is opened: give imap, smtp and password."
        raise Problem(422, "servers_unknown", told)
    user = body.user or (old.user if old else address)
    return Access("imap", user, imap, smtp, Secret(body.password.get_secret_value()))


def told_of(checked: Checked) -> Told:
    """The answer to a check. Raises ``Refused``."""
    found = {"check": checked.findings.to_json()} if checked.findings else {}
    if checked.refusal is not None:
        raise Refused(checked.refusal, found)
    return {**insist(checked.reply), **found}


def _set(asked: Asked, now: Look | None) -> UpdateSettings:
    assert now is not None
    name = normalised(asked.names["account_id"])
    return UpdateSettings(account_id=name, settings=asked.body.on(now.account(name).settings))


def settings_of(names: Mapping[str, str], now: Look) -> Told | None:
    account = now.account(normalised(names["account_id"]))
    return account.settings.model_dump(mode="json") if account.status else None


def _disconnect(asked: Asked, _: Look | None) -> DisconnectAccount:
    return DisconnectAccount(account_id=normalised(asked.names["account_id"]))


def _what_follows(asked: Asked, now: Look) -> Told | None:
    """What a disconnect would bring about, and for whom (T2)."""
    account = now.account(normalised(asked.names["account_id"]))
    if not account.connected:
        return None
    return rows.consequences(of_disconnecting(now, asked.engine.policy, account.id, now.now))


def _forget_credentials(asked: Asked, reply: Reply) -> None:
    """Drop the credentials from before the disconnect (T1)."""
    if reply.recorded:
        name, before = normalised(asked.names["account_id"]), reply.recorded[0].envelope.recorded_at
        with asked.engine.look(asked.workspace) as now:
            current = now.account(name).credentials
        program = asked.site.program
        with suppress(VaultError):  # the vault's clean-up tries again
            accesses = accesses_of(program.opened, program.settings, asked.workspace)
            accesses.drop_forgotten(name, current, before)


def erase(asked: Asked, _: Progress) -> Told:
    account = known(asked)
    asked.site.program.opened.evidence.forget(asked.workspace, account.id)
    return {"account_id": account.id, "erased": True}


def _evidence(asked: Asked, now: Look) -> Told | None:
    account = now.account(normalised(asked.names["account_id"]))
    return {"account_id": account.id, "erased_for_good": True} if account.status else None


PATH = "/accounts/{account_id}"
ACCOUNTS = (
    Operation(
        "connect_account", "/accounts", "Connect a mailbox after a full check (C1, T1).",
        Act.RUN, NewAccount, steps=connect,
    ),
    Operation(
        "test_connection", f"{PATH}/test", "Test Connection (C1, C2).",
        Act.REPAIR, Tested, steps=test,
    ),
    Operation(
        "check_connection", f"{PATH}/check", "Check now as in the background (C2).",
        Act.REPAIR, Tested, steps=check,
    ),
    Operation(
        "reconnect_account", f"{PATH}/reconnect", "One-Click Reconnect (R1-R3).",
        Act.REPAIR, Opening, steps=reconnect,
    ),
    Operation(
        "set_account_settings", f"{PATH}/settings", "Set those settings that are named.",
        Act.RUN, SettingsGiven, "PATCH", _set, edited=settings_of,
    ),
    Operation(
        "disconnect_account", f"{PATH}/disconnect", "Begin a Two-Step Reconnect (T1, T2).",
        Act.RUN, command=_disconnect, afterwards=_forget_credentials,
        preview=Preview(_what_follows, frozenset({"deadline_at"})),
    ),
    Operation(
        "erase_evidence", f"{PATH}/evidence/erase", "Erase what mail servers said, for good (C1).",
        Act.FORGET, steps=erase, preview=Preview(_evidence),
    ),
)  # fmt: skip
