"""``sendledger campaigns sequence``: what a campaign sends by itself."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from adapters.cli.common import Here, Session, asking, session
from adapters.cli.fleet import Preview
from adapters.cli.sequence_lack import (
    agree_all_the_same,
    lack_in,
    lack_json,
    tell_changes,
    tell_lack,
)
from adapters.screen.errors import error_code, explained
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.options import Campaign, Recipient, Yes
from adapters.screen.output import fail, print_json, say, unknown
from adapters.screen.program import group
from adapters.screen.where import Where
from engine.answers.telling.reader import full_name
from engine.answers.telling.words import counted, people
from events.vocabulary import CampaignStatus

if TYPE_CHECKING:
    from yaml import SafeDumper

    from aggregates.campaign import Campaign as CampaignState
    from engine.work.letters import Sender
    from events.sequence import MailSequence

app = group(no_args_is_help=True)


@app.callback()
def sequence() -> None:
    """What a campaign sends by itself."""


@app.command("set")
def set_sequence(
    campaign: Campaign,
    file: Annotated[Path, typer.Argument(help="YAML or JSON: zone, window, limits, steps.")],
    preview: Preview = False,
    yes: Yes = False,
    *,
    at: Where,
) -> None:
    """Set what a campaign sends, for what is not sent yet; what recipients lack is listed first."""
    from adapters.cli.campaigns import known
    from adapters.yaml_files.sequence import UnreadableSequence, read_sequence
    from aggregates.campaign.commands import SetSequence
    from engine.work.letters import LetterError
    from engine.work.sequences import changes

    try:
        given = read_sequence(file)
    except UnreadableSequence as error:
        fail(str(error), EXIT_UNREADABLE)
    with session(at) as here:
        before = known(here, campaign)
        wanted = given.sequence(before.mail_id or uuid4().hex)
        _refuse_names(here, wanted)
        try:
            lack = lack_in(here, before, wanted)
        except LetterError as error:
            fail(f"{file}: {error}", EXIT_UNREADABLE, code=error_code(error))
        changed = changes(before, wanted)
        if not at.as_json:
            tell_lack(here, lack)
            tell_changes(changed)
        if not preview:
            if before.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
                agree_all_the_same(lack, changed, "Set the sequence all the same?", yes=yes)
            here.ask(SetSequence(campaign_id=campaign, sequence=wanted))
        if at.as_json:
            print_json({"campaign_id": campaign, "set": not preview, **lack_json(lack, changed)})
        elif not preview:
            say(f"{campaign} sends {len(wanted.steps)} steps, by the clocks of {wanted.zone}.")


@app.command()
def show(campaign: Campaign, *, at: Where) -> None:
    """Show a campaign's sequence as a file that `set` takes."""
    import yaml

    from adapters.cli.campaigns import known
    from adapters.yaml_files.sequence import as_given

    with asking(at) as here:
        told = as_given(_sequence_of(known(here, campaign)))
    if at.as_json:
        print_json({"campaign_id": campaign, "sequence": told})
        return
    text: str = yaml.dump(told, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=1_000)
    for line in text.splitlines():
        say(line)


@app.command()
def check(campaign: Campaign, *, at: Where) -> None:
    """List what recipients lack for the steps still to come. Exit 0 when nothing is missing."""
    from adapters.cli.campaigns import known
    from engine.work.letters import LetterError

    with asking(at) as here, explained(LetterError):
        found = known(here, campaign)
        lack = lack_in(here, found, _sequence_of(found))
        if at.as_json:
            print_json({"campaign_id": campaign, **lack_json(lack)})
        else:
            tell_lack(here, lack)
            letters = counted(len(lack.missing), "letter")
            say(f"{letters} of {people(lack.recipients)} still to be written to cannot be written.")
        if lack.missing:
            raise typer.Exit(EXIT_FAILED)


@app.command()
def preview(
    campaign: Campaign,
    recipient: Recipient,
    step: Annotated[
        str | None, typer.Option(help="Which one. Default: the recipient's next, or the first.")
    ] = None,
    *,
    at: Where,
) -> None:
    """Show a letter as this recipient would receive it. The link in it is an example."""
    from adapters.cli.campaigns import known
    from adapters.cli.known_recipient import known as known_recipient
    from adapters.composition.mailboxes import letters
    from engine.work.letters import LetterError

    with asking(at) as here, explained(LetterError):
        found = known(here, campaign)
        wanted = _sequence_of(found)
        recipient_id = known_recipient(here, here.answers(), recipient)
        if recipient_id not in found.recipients:
            unknown(f"recipient of {campaign}", recipient, [])
        person = here.directory.person(here.workspace, recipient_id)
        if person is None:
            fail(f"{recipient_id} has no name and address any more: nothing is sent.")
        name = _step_of(found, wanted, recipient_id, step)
        sender = _sender(here, found, recipient_id)
        letter = letters().rehearsed(wanted.steps, name, person, sender)
    told = {
        "campaign_id": campaign,
        "recipient_id": recipient_id,
        "step": name,
        "sender_name": sender.name,
        "account_id": sender.address,
        "address": person.address,
        **letter._asdict(),
    }
    if at.as_json:
        print_json(told)
        return
    say(f"Step {name}, from {full_name(sender.name, sender.address)} to {person.address}")
    for part in (f"Subject: {letter.subject}", letter.text, letter.html):
        for line in ("", *part.rstrip("\n").split("\n")) if part else ():
            say(line)


def _refuse_names(here: Session, wanted: "MailSequence") -> None:
    """Refuse texts that name a recipient: they become part of events (F1)."""
    from engine.work.sequences import naming_somebody

    own = here.answers().accounts
    step = naming_somebody(here.directory, here.workspace, wanted.steps, own)
    if step is not None:
        fail(
            f"Step {step} holds a recipient's address, which would stay for ever. "
            "Write {{ email }}, or a variable of your list.",
            EXIT_UNREADABLE,
            code="names_a_recipient",
        )


def _sequence_of(campaign: "CampaignState") -> "MailSequence":
    if campaign.sequence is None:
        hint = f"sendledger campaigns sequence set {quote(campaign.id)} FILE"
        fail(
            f"{campaign.id} sends nothing by itself. To set what it sends: {hint}",
            code="not_set_up",
        )
    return campaign.sequence


def _step_of(
    campaign: "CampaignState", wanted: "MailSequence", recipient_id: str, named: str | None
) -> str:
    from aggregates.campaign.state import next_step

    names = [each.name for each in wanted.steps]
    if named is None:
        following = next_step(wanted, campaign.recipients[recipient_id].progress)
        return following.name if following else names[0]
    return named if named in names else unknown("step", named, names)


def _sender(here: Here, campaign: "CampaignState", recipient_id: str) -> "Sender":
    """The account that writes to the recipient, or the first of those that may."""
    from engine.planning.senders import senders_of
    from engine.work.letters import Sender

    with here.look() as now:
        own = campaign.recipients[recipient_id].sender, campaign.sender
        others = (*senders_of(now, campaign), *campaign.from_email)
        address = next((each for each in (*own, *others) if each), None)
        if address is None:
            fail(f"{campaign.id} has no sender: add an account, or connect one in its slot.")
        settings = now.account(address).settings
    return Sender(address, settings.sender_name, settings.signature)


def _dumper() -> "type[SafeDumper]":
    """A YAML dumper that keeps lines of texts as they are, and escapes unprintable characters."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, told: str) -> yaml.ScalarNode:
        prints = told.replace("\n", "").isprintable()
        style = '"' if not prints else "|" if "\n" in told else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", told, style=style)

    Dumper.add_representer(str, text)
    return Dumper
