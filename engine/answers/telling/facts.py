"""Each fact as a sentence a support person could read out."""

from events import campaign as c
from events import email_account as a
from events import slot as s
from events.base import Event
from events.vocabulary import IncidentKind, instant_text

CLOCK_NAMES = {IncidentKind.FAILURE: "resolution window", IncidentKind.DISCONNECT: "grace period"}


def sentence(event: Event) -> str:
    """Raises ``TypeError`` for an event it has no words for."""
    about_account = _about_account(event)
    told = about_account or _about_campaign(event) or _about_clock(event) or _about_recipient(event)
    if told is None:
        raise TypeError(f"no sentence for {type(event).__name__}")
    return told


def _about_account(event: Event) -> str | None:  # noqa: C901, PLR0912 one sentence a fact
    match event:
        case a.AccountConnected():
            return f"{event.account_id} is connected in slot {event.slot_id}"
        case a.ConnectRejected():
            return f"connecting {event.account_id} was rejected: {event.reason}"
        case a.SettingsUpdated():
            return f"settings of {event.account_id} updated"
        case a.CheckRequested():
            return f"a check of {event.account_id} was asked for"
        case a.CheckPassed():
            return f"the {event.asked_by} check of {event.account_id} passed"
        case a.CheckFailed():
            found = event.report.failure_class
            return f"the {event.asked_by} check of {event.account_id} failed: {found}"
        case a.ConnectionFailed():
            until = instant_text(event.deadline_at)
            return f"{event.account_id} is failed: {event.reason} It can be repaired until {until}"
        case a.ConnectionRestored():
            return f"{event.account_id} works again"
        case a.OneClickReconnected():
            return f"{event.account_id} was reconnected by One-Click, settings kept"
        case a.OneClickRejected():
            return f"One-Click Reconnect of {event.account_id} was rejected: {event.reason}"
        case a.AccountDisconnected():
            return f"{event.account_id} is disconnected, settings back to defaults"
        case a.NoticeIssued():
            return (
                f"notice {event.number} ({event.kind}) to the owner of {event.account_id}, "
                f"{event.at_stake} recipients"
            )
        case a.NoticeAttempted():
            fate = "delivered" if event.delivered else f"not delivered: {event.detail}"
            return f"notice {event.number} about {event.account_id} was {fate}"
        case s.SlotOccupied():
            return f"slot {event.slot_id} holds {event.account_id}"
        case s.SlotVacated():
            return f"slot {event.slot_id} is empty"
        case _:
            return None


def _about_campaign(event: Event) -> str | None:
    match event:
        case c.CampaignCreated():
            return f"{event.mode} campaign {event.campaign_id} is created"
        case c.CampaignStarted():
            return f"{event.campaign_id} runs"
        case c.CampaignPaused():
            return f"{event.campaign_id} is paused, cause {event.cause}"
        case c.PauseCauseCleared():
            return f"{event.campaign_id} loses the pause cause {event.cause}"
        case c.CampaignResumed():
            without = ", ".join(each.account_id for each in event.given_up)
            return f"{event.campaign_id} runs again" + (f" without {without}" if without else "")
        case c.CampaignFinished():
            return f"{event.campaign_id} is finished"
        case c.CampaignReopened():
            return f"{event.campaign_id} runs again: someone was added"
        case c.SenderAdded():
            return f"{event.account_id} is in FROM EMAIL of {event.campaign_id}"
        case c.SenderRemoved():
            return (
                f"{event.account_id} left FROM EMAIL of {event.campaign_id}, "
                f"{event.held} recipients held"
            )
        case c.SenderReplaced():
            return f"{event.campaign_id} sends from {event.account_id} now"
        case _:
            return None


def _about_clock(event: Event) -> str | None:
    match event:
        case c.GracePeriodStarted():
            return (
                f"the {CLOCK_NAMES[event.kind]} of {event.account_id} runs in {event.campaign_id} "
                f"until {instant_text(event.deadline_at)}, {event.at_stake} recipients at stake"
            )
        case c.GracePeriodCured():
            return f"the {CLOCK_NAMES[event.kind]} in {event.campaign_id} is cured"
        case c.GracePeriodSuperseded():
            return f"the {CLOCK_NAMES[event.kind]} in {event.campaign_id} is superseded"
        case c.GracePeriodExpired():
            return (
                f"the {CLOCK_NAMES[event.kind]} of {event.account_id} in {event.campaign_id} "
                f"ran out: {event.stopped} stopped, {event.released} released, "
                f"{sum(event.skipped.values())} spared"
            )
        case _:
            return None


def _about_recipient(event: Event) -> str | None:  # noqa: C901, PLR0912 one sentence a fact
    match event:
        case c.RecipientAdded():
            return f"{event.recipient_id} joins {event.campaign_id}"
        case c.RecipientImportRefused():
            return f"{event.recipient_id} is not taken again: {event.reason}"
        case c.RecipientAssigned():
            return f"{event.recipient_id} is assigned to {event.account_id}"
        case c.AssignmentReleased():
            return f"{event.recipient_id} is released by {event.account_id}"
        case c.SendReserved():
            return f"a message to {event.recipient_id} may go through {event.account_id}"
        case c.EmailAccepted():
            return f"{event.recipient_id} received an email from {event.account_id}"
        case c.EmailOutcomeUnknown():
            return f"{event.recipient_id} may have received an email from {event.account_id}"
        case c.EmailRefused():
            return f"the message to {event.recipient_id} was refused ({event.fault})"
        case c.SentFolderSearched():
            return f"the Sent folder was searched for {event.recipient_id}: {event.found}"
        case c.RecipientStopped():
            return f"{event.recipient_id} is Campaign Stopped: {event.reason}"
        case c.LateSignalRecorded():
            return f"{event.signal} of {event.recipient_id} is recorded, nothing changes"
        case c.AutoReplyReceived():
            until = f", held until {instant_text(event.held_until)}" if event.held_until else ""
            return f"{event.recipient_id} answered automatically{until}"
        case c.HoldEnded():
            return f"{event.recipient_id} is back"
        case c.RecipientEnded():
            return (
                f"{event.recipient_id} is {type(event).__name__.removeprefix('Recipient').lower()}"
            )
        case _:
            return None
