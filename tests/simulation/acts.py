"""What people do, as the commands that the front hands to the engine."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, cast

from aggregates.campaign.commands import MigrateRecipients, Past, SetSequence
from aggregates.command import Command
from aggregates.email_account.commands import ConnectAccount
from aggregates.recipient import ForgetRecipient
from engine.command_context import Look
from events.sequence import MailSequence, Step, Window
from events.vocabulary import RecipientStatus, Settings
from tests.law import story
from tests.law.story import SLOTS
from tests.simulation.vocabulary import ACCOUNTS

Told = dict[str, Any]
Commands = Iterable[Command]


def chosen(now: Look, told: Told) -> str:
    """One of the campaigns that there are, or the one that is named."""
    if isinstance(told["which"], str):
        return told["which"]
    names = sorted(each.id for each in now.campaigns())
    return names[told["which"] % len(names)] if names else "none"


def sequence_of(workspace: str, campaign: str, zone: str, told: Told) -> MailSequence:
    steps = tuple(
        Step(name=each["name"], after=timedelta(seconds=each["after"]), text="Hello")
        for each in told["steps"]
    )
    window = Window(**told["window"]) if told["window"] else Window()
    return MailSequence(
        mail_id=f"mail {workspace} {campaign}",
        zone=zone,
        steps=steps,
        window=window,
        daily_limit=told["daily_limit"],
        exclusive=told["exclusive"],
    )


def create(now: Look, told: Told, workspace: str) -> Commands:
    name, mail_id = told["campaign"], f"mail {workspace} {told['campaign']}"
    if told["slot"] is None:
        senders = [ACCOUNTS[each] for each in told["senders"]]
        good = [each for each in senders if now.account(each).status == "successful"] or senders
        yield story.create(*good, to=told["people"], campaign=name, mail_id=mail_id)
    else:
        yield story.create_single(SLOTS[ACCOUNTS[told["slot"]]], told["people"], name)
    sequence = sequence_of(workspace, name, told["zone"], told["sequence"])
    yield SetSequence(campaign_id=name, sequence=sequence)
    yield story.start(name)


def edit(now: Look, told: Told, workspace: str) -> Commands:
    name = chosen(now, told)
    known = now.campaign(name).sequence
    zone = known.zone if known else "UTC"
    yield SetSequence(
        campaign_id=name, sequence=sequence_of(workspace, name, zone, told["sequence"])
    )


def resume(now: Look, told: Told, _: str) -> Commands:
    name = chosen(now, told)
    without = now.campaign(name).lanes if told["without"] else ()
    yield story.resume(name, without)


def remove_sender(now: Look, told: Told, _: str) -> Commands:
    name = chosen(now, told)
    held = len(now.campaign(name).lane(told["account"]).contacted)
    yield story.remove_sender(told["account"], held if told["right"] else held + 1, name)


def migrate(now: Look, told: Told, _: str) -> Commands:
    about = Past(f"m-{told['person']}", told["account"], told["step"], now.now - timedelta(days=2))
    yield MigrateRecipients(campaign_id=chosen(now, told), people=(about,))


def mend(now: Look, _told: Told, _: str) -> Commands:
    for campaign in sorted(each.id for each in now.campaigns()):
        if now.campaign(campaign).rotates:
            for account in now.campaign(campaign).lanes:
                yield story.add_sender(account, campaign)
        yield story.resume(campaign)


def together(now: Look, told: Told, _: str) -> Commands:
    """A person who clicks everything at once."""
    for campaign in sorted(each.id for each in now.campaigns()):
        yield story.pause(campaign)
        yield story.resume(campaign)
        for account in ACCOUNTS:
            yield story.add_sender(account, campaign)
    for person in told["people"]:
        if person not in now.suppressions().people:
            yield story.suppress(person)
            yield story.release(person)


def by_campaign(build: Callable[[str], Command]) -> Callable[[Look, Told, str], Commands]:
    return lambda now, told, _: [build(chosen(now, told))]


PERFORMED: dict[str, Callable[[Look, Told, str], Commands]] = {
    "create": create,
    "edit": edit,
    "resume": resume,
    "start": by_campaign(story.start),
    "pause": by_campaign(story.pause),
    "remove_sender": remove_sender,
    "migrate": migrate,
    "mend": mend,
    "together": together,
    "disconnect": lambda _, told, __: [story.disconnect(told["account"])],
    "add_sender": lambda now, told, _: [story.add_sender(told["account"], chosen(now, told))],
    "import": lambda now, told, _: [
        story.import_recipients(*told["people"], campaign=chosen(now, told))
    ],
    "assign": lambda now, told, _: [
        story.assign(told["person"], told["account"], chosen(now, told))
    ],
    "settings": lambda _, told, __: [
        story.update_settings(told["account"], Settings(**told["settings"]))
    ],
    "suppress": lambda _, told, __: [story.suppress(told["person"])],
    "release": lambda _, told, __: [story.release(told["person"])],
    "forget": lambda _, told, __: [ForgetRecipient(recipient_id=told["person"])],
    "ask_for_a_check": lambda _, told, __: [
        story.request_check(told["account"], f"asked {told['number']}")
    ],
    "one_click_unsubscribe": lambda _, told, __: (
        story.signal(RecipientStatus.UNSUBSCRIBED, told["recipient"], campaign=told["campaign"])
        if "recipient" in told
        else []
    ),
}
"""Acts that are commands alone; what has to ask a mail server is done by the front itself."""


def wanted(told: Told, password: str) -> ConnectAccount:
    settings = Settings(**told["settings"])
    command = story.connect(told["account"], settings=settings, credentials=password)
    return cast("ConnectAccount", command)
