"""``sendledger status``: what needs a human now, the most urgent first."""

from contextlib import suppress

from adapters.cli.common import Asked
from adapters.screen.output import print_json, say
from adapters.screen.reading import reader
from engine.answers.telling.attention import Attention, attention
from engine.answers.telling.waiting import who_waits
from engine.answers.telling.words import countdown, counted, people
from engine.answers.waits import waits
from engine.fence import StoreIsFenced
from events.catalogue import UnreadableEvent


def show_status(here: Asked, *, as_json: bool) -> None:
    """Show what needs a human. Stopped views are reported; what needs none of them is shown."""
    current = here.current
    found = attention(current.answers(), current.now, current.stopped)
    found = found._replace(tells_owners=here.settings.tells_owners, fenced=current.fenced)
    with suppress(UnreadableEvent):  # reported as a stopped view
        found = found._replace(waits=waits(here.moment, current.aggregates.campaigns()))
    if as_json:
        print_json(found.to_json())
    else:
        _show(found)


def _show(found: Attention) -> None:
    when = reader(says_zone=True).when
    if found.fenced is not None:
        from adapters.screen.hints import with_hint

        say(with_hint(StoreIsFenced(reason=found.fenced)), "red")
    for projection, stop in found.stopped.items():
        say(
            f"View {projection.name} is stopped at position {stop.position} since "
            f"{when(stop.since)} ({stop.error}). What it shows is as old as that. When "
            f"the cause is gone: `sendledger projections retry {projection.name}`.",
            "red",
        )
    for clock in found.clocks:
        say(
            f"{countdown(clock.deadline_at - found.now)} ({when(clock.deadline_at)}): "
            f"{clock.campaign_id} loses {people(clock.at_stake)} of {clock.account_id} "
            f"({clock.kind}). Cheapest cure: {clock.cheapest_cure}.",
            "red",
        )
    for campaign in found.not_sending:
        reasons = " ".join(reason.text for reason in campaign.reasons)
        say(f"{campaign.campaign_id} ({campaign.status}) does not send: {reasons}", "yellow")
    if found.undelivered and not found.tells_owners:
        waiting = counted(len(found.undelivered), "notice")
        told = f"{waiting} to owners not delivered: set outbox or notice_relay, and run a worker."
        say(f"{told} `sendledger notices` lists them.", "yellow")
    for notice in found.undelivered if found.tells_owners else ():
        say(
            f"Notice {notice.number} about {notice.account_id} ({notice.kind}) was not delivered "
            f"after {counted(notice.attempts, 'attempt')}. {notice.detail}".rstrip(),
            "yellow",
        )
    if not (
        found.fenced or found.stopped or found.clocks or found.not_sending or found.undelivered
    ):
        say("Nothing needs you now.", "green")
    for each in found.waits:
        say(who_waits(each, found.now, reader(says_zone=True)))
