"""Parts of a sentence that depend on a value: codes in plain words, numbers with their nouns."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.answers.telling.reader import Reader
from engine.ports.check_schedule import ScheduledCheck
from events.campaign import CampaignPaused, GracePeriodExpired
from events.email_account import NoticeAttempted, NoticeIssued
from events.sequence import MailSequence
from events.vocabulary import (
    Asker,
    CheckReport,
    FailureClass,
    GivenUp,
    Mode,
    NoticeKind,
    RefusalFault,
    SearchResult,
    Stage,
    StopReason,
    SuppressedBecause,
)

REFUSED = {
    "still_failing": "the connection test still failed",
    "insufficient_scope": "full mail access was not granted; the box must be ticked next time",
    "identity_mismatch": "another mailbox answered; that takes a Two-Step Reconnect",
    "configuration_changed": "the mail servers had changed; that takes a Two-Step Reconnect",
}
FOUND = {
    FailureClass.AUTH_BAD_CREDENTIALS: "the user name or the password was refused",
    FailureClass.AUTH_REVOKED: "the permission was revoked or has lapsed",
    FailureClass.AUTH_INSUFFICIENT_SCOPE: "full access to the mailbox was not granted",
    FailureClass.AUTH_USER_ACTION: "the provider asked the owner to sign in and confirm something",
    FailureClass.AUTH_ADMIN_POLICY: "an administrator's policy forbids this kind of sign-in",
    FailureClass.TRANSIENT_SERVER: "the mail server had a fault of its own",
    FailureClass.UNREACHABLE: "the mail server could not be reached",
    FailureClass.TLS_UNTRUSTED: "the mail server's certificate could not be trusted",
    FailureClass.UNKNOWN: "for a reason that was not recognised",
    FailureClass.THROTTLED: "the mail server asked for a slower pace",
    FailureClass.PROVIDER_APP_FAULT: "our own registration with the provider was at fault",
    FailureClass.IDENTITY_MISMATCH: "another mailbox than expected answered",
}
FAULT = {
    RefusalFault.RECIPIENT: "because of the recipient's mailbox",
    RefusalFault.OTHER: "for good, but not because of the recipient's mailbox",
    RefusalFault.TEMPORARY: "for the time being",
    RefusalFault.LIMIT: "because the account had sent too much for its provider",
    RefusalFault.ACCOUNT: "because of trouble with the account",
}
SEARCHED = {
    SearchResult.FOUND: "it was found, so it was sent",
    SearchResult.ABSENT: "it is not there, so it was not sent",
    SearchResult.INCONCLUSIVE: (
        "that proved nothing, so it counts as received and is never sent again"
    ),
}
SUPPRESSED_BECAUSE = {
    SuppressedBecause.UNSUBSCRIBED: " because of an unsubscribe",
    SuppressedBecause.COMPLAINED: " because of a complaint",
    SuppressedBecause.BOUNCED: " because there is no such address",
    SuppressedBecause.OPERATOR: "",
}
SUPPRESSED = "suppressed"
STOPPED_BECAUSE = {
    StopReason.GRACE_PERIOD_EXPIRED: "was disconnected and not back in FROM EMAIL in time",
    StopReason.RESOLUTION_WINDOW_EXPIRED: "failed and was not repaired in time",
}
TESTED = {
    Asker.USER: "a connection test",
    Asker.BACKGROUND: "a background connection test",
}
WORDS_ALREADY = (Stage.NAME, Stage.LOGIN)
STAGES = {each: each if each in WORDS_ALREADY else each.upper() for each in Stage}
SENDS_FROM = {Mode.SINGLE: "single-sender", Mode.ROTATION: "Inbox Rotation"}
PAUSED_BY_USER = "user"
PAUSED_BY_BOUNCES = "bounces"
RESUME_ALL = "Don't forget to resume all your campaigns!"


def counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def people(number: int) -> str:
    return counted(number, "recipient")


def were(number: int) -> str:
    """``1 recipient was``, ``2 recipients were``."""
    return f"{people(number)} {'was' if number == 1 else 'were'}"


def account_of(cause: str) -> str:
    """The account that a pause cause names."""
    return cause.removeprefix("connection:")


def _because(paused: CampaignPaused, _: Reader) -> str:
    if paused.cause == PAUSED_BY_USER:
        return ""
    if paused.cause != PAUSED_BY_BOUNCES:
        return f" because of {account_of(paused.cause)}"
    return (
        f" because {paused.bounces} of its last {paused.sends} messages bounced, more than "
        f"{100 * (paused.bounce_rate or 0):.3g} %"
    )


def _sequence(sequence: MailSequence, _: Reader) -> str:
    steps = ", ".join(step.name for step in sequence.steps)
    return f"{counted(len(sequence.steps), 'step')} ({steps}), by the clocks of {sequence.zone}"


def _lasting(duration: timedelta, _: Reader) -> str:
    return counted(int(duration.total_seconds()), "second")


def _kept_out(reason: str, _: Reader) -> str:
    if reason == SUPPRESSED:
        return "nobody suppressed is written to"
    return "the stop is final"


def _failure(report: CheckReport, _: Reader) -> str:
    stage = f" at the stage {STAGES[report.failed_at]}" if report.failed_at else ""
    return f"{stage}: {FOUND[report.found]}" if report.found else stage


def _without(given_up: tuple[GivenUp, ...], reader: Reader) -> str:
    return ",".join(
        f" without {each.account_id}, with {people(each.at_stake)} at stake until "
        f"{reader.when(each.deadline_at)}"
        for each in given_up
    )


def _away(until: datetime | None, reader: Reader) -> str:
    return f": away until {reader.when(until)}" if until else ""


def _matter(notice: NoticeIssued, reader: Reader) -> str:
    match notice.kind:
        case NoticeKind.CURED:
            return "all is well"
        case NoticeKind.ENDED:
            return f"{were(notice.at_stake)} stopped"
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT if notice.campaigns:
            return f"{people(notice.at_stake)} at stake until {reader.when(notice.deadline_at)}"
        case NoticeKind.FAILURE | NoticeKind.DISCONNECT:
            return "no recipient at stake"


def _fate(attempt: NoticeAttempted, _: Reader) -> str:
    if attempt.delivered:
        return f"was delivered through {attempt.channel}"
    detail = f": {attempt.detail}" if attempt.detail else ""
    return f"could not be delivered through {attempt.channel}{detail}"


def _outcome(expired: GracePeriodExpired, _: Reader) -> str:
    parts = [f"{people(expired.stopped)} became Campaign Stopped"]
    if expired.released:
        parts.append(f"{were(expired.released)} released because nothing had been received")
    if spared := sum(expired.skipped.values()):
        listed = ", ".join(f"{count} {status}" for status, count in expired.skipped.items())
        parts.append(f"{were(spared)} spared because they had already finished ({listed})")
    if expired.in_flight:
        parts.append(f"the first email to {people(expired.in_flight)} was still on its way")
    return "; ".join(parts)


WORDS: Mapping[str, Callable[[Any, Reader], str]] = {
    "again": lambda reason, _: "" if reason == SUPPRESSED else " again",
    "asked_for": lambda by, _: ", which a user asked for," if by is Asker.USER else "",
    "away": _away,
    "because": _because,
    "by_disconnect": lambda incident_id, _: " by its disconnect" if incident_id else "",
    "counted": lambda digests, _: people(len(digests)),
    "culprit": lambda cause, _: account_of(cause),
    "failure": _failure,
    "fate": _fate,
    "fault": lambda fault, _: FAULT[fault],
    "found": lambda found, _: "was found" if found else "was not found",
    "kept_out": _kept_out,
    "lasting": _lasting,
    "matter": _matter,
    "mode": lambda mode, _: SENDS_FROM[mode],
    "no_address": lambda unknown, _: ": there is no such address" if unknown else "",
    "outcome": _outcome,
    "recipients": lambda number, _: people(number),
    "held": lambda number, _: f"{people(number)} {'is' if number == 1 else 'are'} held",
    "refused": lambda reason, _: REFUSED.get(reason, reason),
    "retry": lambda at, reader: (
        f", and not to be tried again before {reader.when(at)}" if at else ""
    ),
    "searched": lambda result, _: SEARCHED[result],
    "sequence": _sequence,
    "step": lambda step, _: f" (step {step})" if step else "",
    "suppressed": lambda because, _: SUPPRESSED_BECAUSE[because],
    "stopped": lambda reason, _: STOPPED_BECAUSE[reason],
    "test": lambda asked_by, _: TESTED[asked_by],
    "without": _without,
}
"""The words that may follow the colon of a field in a sentence: ``{at_stake:recipients}``."""


def background_check(check: ScheduledCheck, reader: Reader) -> str:
    """When an account was checked last, what that found, and when it is checked next."""
    last = "Not checked in the background yet"
    if check.checked_at is not None:
        found = "passed" if check.found is None else f"failed: {FOUND[FailureClass(check.found)]}"
        last = f"The background check of {reader.when(check.checked_at)} {found}"
    following = "one runs now" if check.lease else f"the next comes at {reader.when(check.due_at)}"
    return f"{last}; {following}."


def countdown(left: timedelta) -> str:
    """The time left, like ``in 8 d 23:59:10``; a deadline that has passed is settled at the next
    command or turn."""
    seconds = int(abs(left.total_seconds()))
    minutes, second = divmod(seconds % 86_400, 60)
    days = f"{seconds // 86_400} d " if seconds >= 86_400 else ""
    clock = f"{days}{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    return f"in {clock}" if left >= timedelta(0) else f"overdue by {clock}, to be settled"
