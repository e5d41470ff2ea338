"""The changes to a history that a user may write on the command line."""

import re
from collections.abc import Callable, Iterable

from aggregates.campaign.commands import AddSender
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount, OneClickReconnect, RecordCheck
from engine.audit.counterfactual import Insertion
from engine.simulated import simulated_report
from events.recorded import Recorded
from events.vocabulary import Asker, read_instant

WELL = simulated_report(None)
FORMS = (
    '"reconnect ACCOUNT at TIME", "connect ACCOUNT in SLOT at TIME", '
    '"add-sender CAMPAIGN ACCOUNT at TIME" or "test ACCOUNT passes at TIME"'
)


class UnreadableChange(ValueError):
    """The change cannot be parsed; the text says what was expected."""


def _reconnect(account: str) -> Command:
    return OneClickReconnect(account_id=_address(account), report=WELL)


def _connect(account: str, slot: str) -> Command:
    return ConnectAccount(
        account_id=_address(account), slot_id=slot, provider="simulated", report=WELL
    )


def _add_sender(campaign: str, account: str) -> Command:
    return AddSender(campaign_id=campaign, account_id=_address(account))


def _test(account: str) -> Command:
    return RecordCheck(account_id=_address(account), asked_by=Asker.USER, report=WELL)


_COMMANDS: dict[str, Callable[..., Command]] = {
    r"reconnect (\S+)": _reconnect,
    r"connect (\S+) in (\S+)": _connect,
    r"add-sender (\S+) (\S+)": _add_sender,
    r"test (\S+) passes": _test,
}


def read_insertion(text: str) -> Insertion:
    """Parse an insertion like ``reconnect ann@acme.test at 2026-03-11T08:00:00Z``. Raises
    ``UnreadableChange``."""
    told, _, time = text.strip().rpartition(" at ")
    for form, command in _COMMANDS.items():
        found = re.fullmatch(form, told.strip())
        if found is None:
            continue
        try:
            return Insertion(read_instant(time), command(*found.groups()))
        except ValueError as error:
            raise UnreadableChange(f"This is no moment: {error}.") from None
    raise UnreadableChange(f"Expected {FORMS}, found {text!r}.")


def command_at(history: Iterable[Recorded], where: str) -> Recorded:
    """The first fact of the command that recorded the event with this position or event id.

    If the engine recorded the event by itself, it is the command with which that began. ``history``
    is iterated more than once. Raises ``UnreadableChange`` if there is no such fact.
    """
    found = next((f for f in history if where in {str(f.position), f.event_id}), None)
    if found is None:
        raise UnreadableChange(f"There is no event {where} in this workspace's history.")
    began_with = found.envelope.correlation_id
    for fact in history:
        if fact.envelope.command_id == began_with and fact.envelope.causation_id is None:
            return fact
    raise UnreadableChange(f"Event {where} began with no command that somebody gave.")


def _address(text: str) -> str:
    return text.strip().lower()
