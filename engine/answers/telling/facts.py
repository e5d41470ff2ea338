"""One sentence for every fact, wherever it appears: in ``why``, a scenario, the causal tree, a
notice.

A sentence is in the past tense, begins in lower case and has no full stop, so that it can be part
of a longer one. It names fields in braces; a word after a colon there is one of ``words``. ``{by}``
is who did it, if that is said; ``{event}`` is the fact as a whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from string import Formatter
from typing import Any

from engine.answers.telling.reader import ANYBODY, Reader
from engine.answers.telling.words import WORDS
from events import campaign as c
from events import email_account as a
from events import recipient as r
from events import slot as s
from events import suppression as m
from events.base import Event
from events.recorded import Envelope, Recorded

A_CLOCK = "the clock that the {kind} of {account_id} started in {campaign_id}"

SENTENCES: Mapping[type[Event], str] = {
    a.AccountConnected: "{account_id} was connected in slot {slot_id}{by}",
    a.ConnectRejected: "an attempt{by} to connect {account_id} again was refused: {reason:refused}",
    a.SettingsUpdated: "the settings of {account_id} were changed{by}",
    a.CheckRequested: "a connection test of {account_id} was asked for{by}",
    a.CheckPassed: "{asked_by:test} of {account_id}{asked_by:asked_for} passed",
    a.CheckFailed: "{asked_by:test} of {account_id}{asked_by:asked_for} failed{report:failure}",
    a.ConnectionFailed: "a connection test found {account_id} failing: {reason}",
    a.ConnectionRestored: "{account_id} was working again",
    a.OneClickReconnected: (
        "One-Click Reconnect of {account_id}{by} succeeded: every setting stayed as it was"
    ),
    a.OneClickRejected: "One-Click Reconnect of {account_id}{by} was refused: {reason:refused}",
    a.AccountDisconnected: (
        "{account_id} was disconnected{by}: it left every FROM EMAIL list, and its settings went "
        "back to defaults"
    ),
    a.NoticeIssued: (
        "notice {number} ({kind}) was issued to the owner of {account_id}: {event:matter}"
    ),
    a.NoticeAttempted: "notice {number} about {account_id} {event:fate}",
    a.SendCounted: (
        "a message was counted for {account_id}: {used} of {limit} on {day}, with a gap of "
        "{gap:lasting}"
    ),
    a.SendUncounted: "a message was refused and no longer counted for {account_id}",
    a.SendingThrottled: (
        "the provider refused more from {account_id}: nothing leaves through it until {until}"
    ),
    a.ThrottlingEnded: "the provider took messages from {account_id} again",
    a.SentSearchProved: (
        "a search of the Sent folder of {account_id} found an accepted message: what such a search "
        "does not find was not sent"
    ),
    m.PersonSuppressed: "{recipient_id} was suppressed in every campaign{because:suppressed}{by}",
    m.PersonReleased: "{recipient_id} was released from suppression{by}: {reason}",
    m.DomainSuppressed: "everybody at {domain} was suppressed in every campaign{by}",
    m.DomainReleased: "{domain} was released from suppression{by}: {reason}",
    s.SlotOccupied: "slot {slot_id} was taken by {account_id}",
    s.SlotVacated: "slot {slot_id} became empty",
    r.RecipientForgotten: "{recipient_id} was forgotten{by}: who it was is not kept any more",
    r.PeopleCommitted: "what the directory says of {digests:counted} was committed to by digests",
    c.CampaignCreated: "the {mode:mode} campaign {campaign_id} was created{by}",
    c.CampaignStarted: "{campaign_id} was started{by}",
    c.CampaignPaused: "{campaign_id} was paused{event:because}{by}",
    c.PauseCauseCleared: "{cause:culprit} no longer kept {campaign_id} paused",
    c.CampaignResumed: "{campaign_id} was resumed{by}{given_up:without}",
    c.CampaignFinished: "{campaign_id} finished",
    c.CampaignReopened: "{campaign_id} ran again because somebody was added",
    c.SequenceSet: "{campaign_id} was given its sequence of emails{by}: {sequence:sequence}",
    c.SenderAdded: "{account_id} was added to FROM EMAIL of {campaign_id}{by}",
    c.SenderRemoved: (
        "{account_id} was taken out of FROM EMAIL of {campaign_id}{incident_id:by_disconnect}{by}; "
        "{held:held} until it is added again"
    ),
    c.SenderReplaced: "{campaign_id} began to send from {account_id}",
    c.GracePeriodStarted: (
        "the {kind} of {account_id} started a clock in {campaign_id}, with the deadline "
        "{deadline_at} and {at_stake:recipients} at stake"
    ),
    c.GracePeriodCured: A_CLOCK + " ended in time: nobody was stopped",
    c.GracePeriodSuperseded: A_CLOCK + " ended: a disconnect took its place",
    c.GracePeriodExpired: A_CLOCK + " ran out: {event:outcome}",
    c.RecipientAdded: "{recipient_id} was added to {campaign_id}{by}",
    c.RecipientMigrated: (
        "{recipient_id} came from another program, by which {account_id} had written to them, "
        "last on {received_at}"
    ),
    c.RecipientImportRefused: (
        "{recipient_id} was imported into {campaign_id}{reason:again}{by} and not taken: "
        "{reason:kept_out}"
    ),
    c.RecipientAssigned: "{recipient_id} was assigned to {account_id} for the time being",
    c.AssignmentReleased: "{recipient_id} was released by {account_id}: any sender may take over",
    c.SendReserved: (
        "a message to {recipient_id}{step:step} was reserved for sending from {account_id}"
    ),
    c.EmailAccepted: "the mail server accepted an email from {account_id} to {recipient_id}",
    c.EmailOutcomeUnknown: (
        "an email from {account_id} to {recipient_id} went out with an unknown outcome, which "
        "counts as received"
    ),
    c.EmailRefused: (
        "an email from {account_id} to {recipient_id} was refused {fault:fault}{retry_at:retry}"
    ),
    c.SentFolderSearched: (
        "the Sent folder of {account_id} was searched for the email to {recipient_id}: it "
        "{found:found}"
    ),
    c.SentSearched: (
        "the Sent folder of {account_id} was searched for the email to {recipient_id}: "
        "{result:searched}"
    ),
    c.ComplaintReceived: "{recipient_id} complained to the provider about an email",
    c.RecipientReplied: "{recipient_id} replied",
    c.RecipientBounced: "the email to {recipient_id} bounced{address_unknown:no_address}",
    c.RecipientUnsubscribed: "{recipient_id} unsubscribed",
    c.RecipientFinished: "{recipient_id} finished the sequence of {campaign_id}",
    c.RecipientFailed: "sending to {recipient_id} failed for good",
    c.RecipientStopped: (
        "{recipient_id} became Campaign Stopped in {campaign_id}, for good, because {account_id} "
        "{reason:stopped}"
    ),
    c.LateSignalRecorded: (
        "{recipient_id} was reported as {signal} after the end, which changed nothing"
    ),
    c.AutoReplyReceived: "an automatic reply came from {recipient_id}{held_until:away}",
    c.HoldEnded: "the date named in the automatic reply of {recipient_id} was reached",
}


class _Voice(Formatter):
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = super().get_value(key, args, kwargs)
        return self._reader.person(value) if key == "recipient_id" else value

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            return WORDS[format_spec](value, self._reader)
        return self._reader.when(value) if isinstance(value, datetime) else str(value)


def phrase(kind: type[Event], reader: Reader = ANYBODY, /, **values: object) -> str:
    """The sentence for that kind of fact with these values, for callers that have no event."""
    return _Voice(reader).vformat(SENTENCES[kind], (), values)


def sentence(event: Event, reader: Reader = ANYBODY, by: str = "") -> str:
    """The event's sentence. ``by``: who did it, as the function ``by`` returns it."""
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
    values = {**fields, "event": event, "by": by}
    return _Voice(reader).vformat(SENTENCES[type(event)], (), values)


def by(envelope: Envelope) -> str:
    """Who did it, like `` by the user anna``; empty if it was the engine itself."""
    kind, _, name = envelope.actor.partition(":")
    return f" by the user {name}" if kind == "user" else ""


def happened(recorded: Recorded, reader: Reader) -> str:
    """A complete sentence: when, what, and by whom."""
    told = sentence(recorded.event, reader, by(recorded.envelope))
    return f"On {reader.when(recorded.event.occurred_at)}, {told.rstrip('.')}."
