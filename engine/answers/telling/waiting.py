"""Why nothing is sent to a recipient now, and how much an account or a campaign has sent today, in
a sentence."""

from datetime import datetime

from engine.answers.telling.reader import Reader
from engine.answers.telling.words import people
from engine.answers.waits import AccountPace, CampaignPace, Waits
from events.vocabulary import Waiting

WHY = {
    Waiting.NOT_SET_UP: "the campaign has no steps and no time zone",
    Waiting.PAUSED: "the campaign is not running",
    Waiting.SENDER: "no account works that may write to them",
    Waiting.UNKNOWN: "nobody knows yet whether the message before was sent",
    Waiting.EXCLUSIVE: "another campaign writes to them, and this one is exclusive",
    Waiting.FENCE: "the store is fenced",
    Waiting.DELAY: "the time since the message before, or before another try, is not over",
    Waiting.HOLD: "they are away, or the account's provider wants a pause",
    Waiting.FRESHNESS: "the sender's inbox has to be read first",
    Waiting.GAP: "the account's gap between two messages is not over",
    Waiting.LIMIT: "the limit of the day is used up",
    Waiting.WINDOW: "the campaign's window is closed",
    Waiting.TURN: "it is due, and a worker sends it in its turn",
}
UNTIL = {
    Waiting.NOT_SET_UP: "until somebody sets its sequence",
    Waiting.PAUSED: "until somebody starts or resumes it",
    Waiting.SENDER: "until one is reconnected or added",
    Waiting.UNKNOWN: "until the Sent folder was searched",
    Waiting.EXCLUSIVE: "until they have come to an end there",
    Waiting.FENCE: "until somebody reconciles it",
    Waiting.LIMIT: "until somebody raises it",
}
"""What ends a wait that has no fixed end."""


def why_waits(reason: Waiting, at: datetime | None, now: datetime, reader: Reader) -> str:
    """Why, without a full stop: ``the campaign's window is closed, until 2026-03-02 09:00:00
    UTC``."""
    if at is None:
        return f"{WHY[reason]}, {UNTIL[reason]}"
    return WHY[reason] if at <= now else f"{WHY[reason]}, until {reader.when(at)}"


def who_waits(each: Waits, now: datetime, reader: Reader) -> str:
    first = " for the first of them" if each.recipients > 1 and each.at and each.at > now else ""
    why = why_waits(each.reason, each.at, now, reader)
    wait = "waits" if each.recipients == 1 else "wait"
    return f"{each.campaign_id}: {people(each.recipients)} {wait}: {why}{first}."


def account_pace(pace: AccountPace, now: datetime, reader: Reader) -> str:
    """``39 of 40 today (Europe/Berlin), next at 2026-03-02 14:02:00 UTC, gap 90 s.``"""
    if pace.next_at is None:
        following = "next when its limit is raised"
    else:
        following = "next now" if pace.next_at <= now else f"next at {reader.when(pace.next_at)}"
    why = f" ({pace.reason})" if pace.reason else ""
    today = f"{pace.used} of {pace.limit} today ({pace.zone})"
    return f"{today}, {following}{why}, gap {pace.gap} s."


def campaign_pace(pace: CampaignPace) -> str:
    limit = "no limit of its own" if pace.limit is None else f"limit {pace.limit}"
    return f"{pace.used} today ({pace.zone}), {limit}."
