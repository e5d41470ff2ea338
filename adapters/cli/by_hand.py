"""Running a campaign by hand: assignments, sends and signals, at the simulated provider."""

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from adapters.cli.common import Session, moment, session
from adapters.cli.known_recipient import known as known_recipient
from adapters.screen.options import Account, Recipient
from adapters.screen.program import group
from adapters.screen.where import Where
from events.vocabulary import RecipientStatus, RefusalFault, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aggregates.campaign.commands import RecordOutcome

app = group(no_args_is_help=True)
"""The group ``sendledger sends``."""

Campaign = Annotated[str, typer.Option(help="The campaign's name.")]
SIGNALS: "Mapping[Signal, str]" = {
    RecipientStatus.REPLIED: "Record that a recipient has replied (M5).",
    RecipientStatus.BOUNCED: "Record that an email to a recipient came back for good (M5).",
    RecipientStatus.UNSUBSCRIBED: "Record that a recipient wants no more emails (M5).",
    RecipientStatus.FINISHED: "Record that a recipient has come to the end of the sequence.",
}
"""The signals, each with the help of its command."""
Fault = Annotated[RefusalFault, typer.Option(help="Whose fault the refusal was.")]


def assign(recipient: Recipient, account: Account, campaign: Campaign, *, at: Where) -> None:
    """Have this account write to a recipient (M1), to whom nobody has written yet."""
    from aggregates.campaign.commands import AssignRecipient

    with session(at) as here:
        who, address = _named(here, campaign, recipient, account)
        here.ask(AssignRecipient(campaign_id=campaign, recipient_id=who, account_id=address))
        _tell(here, campaign, who, "It is recorded")


def signal_of(signal: Signal) -> "Callable[..., None]":
    """The command that records this signal."""

    def record(recipient: Recipient, campaign: Campaign, *, at: Where) -> None:
        from aggregates.campaign.commands import RecordSignal

        with session(at) as here:
            who, _ = _named(here, campaign, recipient)
            here.ask(RecordSignal(campaign_id=campaign, recipient_id=who, signal=signal))
            _tell(here, campaign, who, "It is recorded")

    return record


def complained(recipient: Recipient, campaign: Campaign, *, at: Where) -> None:
    """Record that a recipient reported an email as unwanted: nobody writes to them again (M7)."""
    from aggregates.campaign.commands import RecordComplaint

    with session(at) as here:
        who, _ = _named(here, campaign, recipient)
        here.ask(RecordComplaint(campaign_id=campaign, recipient_id=who))
        _tell(here, campaign, who, "It is recorded")


def away(
    recipient: Recipient,
    campaign: Campaign,
    until: Annotated[str | None, typer.Option(help="Nothing is sent before this time.")] = None,
    *,
    at: Where,
) -> None:
    """Record an automatic reply; one that names a date holds the recipient until then (M5)."""
    from aggregates.campaign.commands import RecordAutoReply

    back = moment(until) if until else None
    with session(at) as here:
        who, _ = _named(here, campaign, recipient)
        here.ask(RecordAutoReply(campaign_id=campaign, recipient_id=who, until=back))
        _tell(here, campaign, who, "It is recorded")


@app.command()
def accepted(recipient: Recipient, account: Account, campaign: Campaign, *, at: Where) -> None:
    """Record an email that the mail server took: reserved and accepted in one go."""
    from aggregates.campaign.commands import RecordAccepted

    _send(recipient, account, campaign, RecordAccepted, at)


@app.command("unknown")
def outcome_unknown(
    recipient: Recipient, account: Account, campaign: Campaign, *, at: Where
) -> None:
    """Record an email whose outcome nobody knows; it counts as received (M2)."""
    from aggregates.campaign.commands import RecordUnknown

    _send(recipient, account, campaign, RecordUnknown, at)


@app.command()
def refused(
    recipient: Recipient,
    account: Account,
    campaign: Campaign,
    fault: Fault = RefusalFault.RECIPIENT,
    *,
    at: Where,
) -> None:
    """Record an email that the mail server refused: for good, or for the time being."""
    from functools import partial

    from aggregates.campaign.commands import RecordRefused

    record = partial(RecordRefused, fault=fault)
    _send(recipient, account, campaign, record, at)


def _send(
    recipient: str,
    account: str,
    campaign: str,
    record: "Callable[..., RecordOutcome]",
    at: Where,
) -> None:
    from aggregates.campaign.commands import ReserveSend

    with session(at) as here:
        who, address = _named(here, campaign, recipient, account)
        send = uuid4().hex
        here.ask(
            ReserveSend(campaign_id=campaign, recipient_id=who, account_id=address, send_id=send)
        )
        here.ask(record(campaign_id=campaign, recipient_id=who, send_id=send))
        _tell(here, campaign, who, f"The email from {address} is recorded")


def _named(here: Session, campaign: str, recipient: str, account: str = "") -> tuple[str, str]:
    """The recipient's id and the account's address; ends the program if one is unknown."""
    from adapters.cli.campaigns import known as known_campaign
    from adapters.cli.known_account import known as known_account

    known_campaign(here, campaign)
    who = known_recipient(here, here.answers(), recipient)
    return who, known_account(here, account).id if account else ""


def _tell(here: Session, campaign: str, who: str, done: str) -> None:
    """Report what was done, and the recipient as it is now."""
    from engine.answers.telling import rows

    found = here.answers().recipient(campaign, who)
    assert found is not None
    told = {"recipient": rows.told(found, ("campaign_id", *rows.RECIPIENT))}
    here.at.tell(told, f"{done}: {who} is {found.status} in {campaign}.")
