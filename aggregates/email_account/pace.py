"""How much an account may send, counted over all campaigns (M3, M8)."""

from collections.abc import Sequence
from datetime import date, datetime

from aggregates.calendar import DAY, day_began, day_of, is_zone, next_day
from aggregates.email_account.commands import (
    CountSend,
    EndThrottling,
    ProveSentSearch,
    UncountSend,
)
from aggregates.email_account.state import EmailAccount
from aggregates.email_account.usage import quarter_of
from aggregates.rejections import AccountNotYet
from aggregates.waiting import Constraint, NotBefore, soonest
from events.email_account import (
    EmailAccountEvent,
    SendCounted,
    SendingThrottled,
    SendUncounted,
    SentSearchProved,
    ThrottlingEnded,
)
from events.vocabulary import Settings, Waiting, Zone


def zone_of(settings: Settings) -> Zone:
    return settings.zone if is_zone(settings.zone) else "UTC"


def limit_on(account: EmailAccount, day: date) -> int:
    """The limit of messages on that day, including a ramp-up."""
    settings, first = account.settings, account.usage.first_day or day
    if "ramp_start" not in settings.limits:
        return settings.sending_speed
    days = max((day - first).days, 0)  # the zone may have changed, and with it the day
    ramp = max(settings.limits["ramp_start"], 0) + settings.limits.get("ramp_step", 0) * days
    return min(settings.sending_speed, ramp)


def constraints(account: EmailAccount) -> Sequence[Constraint]:
    usage, zone = account.usage, zone_of(account.settings)
    free_at = usage.last_at + account.settings.gap if usage.last_at is not None else None

    def throttled(at: datetime) -> NotBefore | None:
        until = usage.throttled_until
        return NotBefore(until, Waiting.HOLD) if until is not None and at < until else None

    def gap(at: datetime) -> NotBefore | None:
        return NotBefore(free_at, Waiting.GAP) if free_at is not None and at < free_at else None

    def limit(at: datetime) -> NotBefore | None:
        day = day_of(at, zone)
        if usage.since(day_began(at, zone)) < limit_on(account, day):
            return None
        for_good = limit_on(account, day + DAY) < 1
        return NotBefore(None if for_good else next_day(at, zone), Waiting.LIMIT)

    return throttled, gap, limit


def count(account: EmailAccount, command: CountSend) -> Sequence[EmailAccountEvent]:
    """M3: never one message too many, whichever campaign reserves."""
    wait = soonest(command.at, constraints(account))
    if wait is not None and not command.sent:
        until = wait.at or "its daily limit is raised"
        raise AccountNotYet(account=account.id, until=until, reason=wait.reason)
    zone = zone_of(account.settings)
    day, began_at = day_of(command.at, zone), day_began(command.at, zone)
    return [
        SendCounted(
            account_id=account.id,
            campaign_id=command.campaign_id,
            send_id=command.send_id,
            day=day,
            day_began_at=began_at,
            used=account.usage.since(began_at) + 1,
            limit=limit_on(account, day),
            gap=account.settings.gap,
            occurred_at=command.at,
        )
    ]


def ended(
    account: EmailAccount, command: UncountSend | EndThrottling
) -> Sequence[EmailAccountEvent]:
    """The outcome of a counted message. One that was under way before the hold proves nothing."""
    if isinstance(command, UncountSend):
        return _uncount(account, command)
    usage = account.usage
    under_way = usage.throttled_until is not None and command.at < usage.throttled_until
    if not usage.held_for or under_way:
        return []
    return [ThrottlingEnded(account_id=account.id, occurred_at=command.at)]


def prove_search(account: EmailAccount, command: ProveSentSearch) -> Sequence[EmailAccountEvent]:
    """M2: an accepted message was found, so from now on what is not found was not sent."""
    if account.search_proved:
        return []
    return [
        SentSearchProved(account_id=account.id, send_id=command.send_id, occurred_at=command.at)
    ]


def _uncount(account: EmailAccount, command: UncountSend) -> Sequence[EmailAccountEvent]:
    """M3, M8: a refused message does not count, and the account may have to wait."""
    events: list[EmailAccountEvent] = []
    if account.usage.sent.get(quarter_of(command.reserved_at)):
        events.append(
            SendUncounted(
                account_id=account.id,
                campaign_id=command.campaign_id,
                send_id=command.send_id,
                reserved_at=command.reserved_at,
                occurred_at=command.at,
            )
        )
    if command.throttled:
        events.append(_throttled(account, command))
    return events


def _throttled(account: EmailAccount, command: UncountSend) -> SendingThrottled:
    """An hour, doubling up to a day; a time that the provider names takes precedence."""
    policy = command.policy
    doubled = min(account.usage.held_for * 2, policy.longest_throttle_hold)
    held_for = doubled or policy.throttle_hold
    until = command.told_until
    if until is None or until <= command.at:
        until = command.at + held_for
    return SendingThrottled(
        account_id=account.id, until=until, held_for=held_for, occurred_at=command.at
    )
