"""Which rules of the law a fact is about, for counting what was tried under which fault."""

import json

from events.base import Event
from events.campaign import GracePeriodExpired
from events.recorded import Envelope

RULES: dict[str, tuple[str, ...]] = {
    "AccountConnected": ("C1", "T3"),
    "CheckRequested": ("C6",),
    "CheckPassed": ("C5",),
    "CheckFailed": ("C3", "C4"),
    "ConnectionFailed": ("C2",),
    "ConnectionRestored": ("C5",),
    "OneClickReconnected": ("R1",),
    "OneClickRejected": ("R2",),
    "ConnectRejected": ("C1",),
    "AccountDisconnected": ("T1", "T2"),
    "NoticeIssued": ("N1", "N3"),
    "NoticeAttempted": ("N2",),
    "SendCounted": ("M3",),
    "SendUncounted": ("M3",),
    "SendingThrottled": ("M8",),
    "SentSearchProved": ("M2",),
    "CampaignPaused": ("P1",),
    "PauseCauseCleared": ("P2",),
    "CampaignResumed": ("P3",),
    "SenderAdded": ("T4", "T5"),
    "SenderRemoved": ("S10",),
    "SenderReplaced": ("T3",),
    "GracePeriodStarted": ("S1", "S2", "S9"),
    "GracePeriodCured": ("S6",),
    "GracePeriodSuperseded": ("S6", "T2"),
    "GracePeriodExpired": ("S3", "S7", "F0"),
    "RecipientStopped": ("S3", "S4"),
    "RecipientMigrated": ("M1",),
    "RecipientImportRefused": ("S4", "M7"),
    "RecipientAssigned": ("M1",),
    "AssignmentReleased": ("S3",),
    "SendReserved": ("M2", "M3", "M4"),
    "EmailOutcomeUnknown": ("M2",),
    "EmailRefused": ("M8",),
    "SentSearched": ("M2", "M6"),
    "ComplaintReceived": ("M7",),
    "RecipientReplied": ("M5",),
    "RecipientBounced": ("M5",),
    "RecipientUnsubscribed": ("M5", "M7"),
    "RecipientFinished": ("M4",),
    "RecipientFailed": ("M8",),
    "LateSignalRecorded": ("S5",),
    "AutoReplyReceived": ("M5",),
    "PersonSuppressed": ("M7",),
    "PersonReleased": ("M7",),
    "RecipientForgotten": ("F1",),
}
"""By type of event."""


REFUSED: dict[str, tuple[str, ...]] = {
    "no_sender": ("P3",),
    "pause_cause_holds": ("P3",),
    "sender_missing": ("P3",),
    "sender_not_connected": ("P3", "S1"),
    "not_confirmed": ("S10",),
    "recipient_stopped": ("S4", "S8"),
    "fixed_sender_is_other": ("M1",),
    "already_received_email": ("M1", "T5"),
    "send_in_flight": ("M2",),
    "outcome_unknown": ("M2",),
    "sender_held": ("M5",),
    "suppressed": ("M7",),
    "still_failing": ("R2",),
    "insufficient_scope": ("R2",),
}
"""By code of a refusal."""


def rules_of(event: Event) -> tuple[str, ...]:
    found = RULES.get(type(event).__name__, ())
    match event:
        case GracePeriodExpired(in_flight=in_flight, skipped=skipped):
            return (*found, *["S8"][: bool(in_flight)], *["S5"][: bool(skipped)])
        case _:
            return found


def rules_of_refusal(envelope: Envelope) -> tuple[str, ...]:
    return REFUSED.get(json.loads(envelope.rejection or "{}").get("code", ""), ())


def all_rules() -> list[str]:
    tables = (*RULES.values(), *REFUSED.values())
    return sorted({rule for rules in tables for rule in rules})
