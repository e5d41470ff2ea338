"""Which rules of the law a fact is about, for counting what was tried under which fault."""

from events.base import Event

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


def rules_of(event: Event) -> tuple[str, ...]:
    return RULES.get(type(event).__name__, ())


def all_rules() -> list[str]:
    return sorted({rule for rules in RULES.values() for rule in rules})
