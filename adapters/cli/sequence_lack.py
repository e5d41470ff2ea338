"""What recipients lack for a sequence; listed before it is set on a running campaign or started."""

from collections.abc import Sequence
from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING, Any

from adapters.cli.common import Here, Session
from adapters.screen.errors import explained
from adapters.screen.output import agreed, errors_as_json, fail, say, warn
from adapters.screen.tables import SCREENFUL, print_table
from engine.answers.telling.words import people

if TYPE_CHECKING:
    from aggregates.campaign import Campaign as CampaignState
    from engine.work.sequences import Change, Lack
    from events.sequence import MailSequence


def agree_to_lack(
    here: Session, campaign: "CampaignState", wanted: "MailSequence", *, yes: bool
) -> None:
    """List what is missing and ask before the start; nobody gets a letter with a gap."""
    from engine.work.letters import LetterError

    with explained(LetterError):
        lack = lack_in(here, campaign, wanted)
    if not errors_as_json.get():
        tell_lack(here, lack)
    agree_all_the_same(lack, (), f"Start {campaign.id} all the same?", yes=yes)


def tell_lack_after_import(here: Session, campaign: "CampaignState") -> None:
    from engine.work.letters import LetterError

    if campaign.sequence is not None:
        with suppress(LetterError):  # the steps are at fault, and checking them says how
            lack = lack_in(here, campaign, campaign.sequence)
            if lack.missing:
                lacking = people(len({each.recipient_id for each in lack.missing}))
                hint = f"sendledger campaigns sequence check {quote(campaign.id)}"
                warn(f"What the steps need is missing of {lacking}: {hint}")


def lack_in(here: Here, campaign: "CampaignState", wanted: "MailSequence") -> "Lack":
    from adapters.composition.mailboxes import letters
    from engine.work.sequences import lack_of

    return lack_of(here.directory, here.workspace, campaign, wanted, letters().missing)


def tell_lack(here: Here, lack: "Lack") -> None:
    if lack.nameless:
        say(f"Nothing is sent to {people(lack.nameless)}: forgotten.")
    if not lack.missing:
        return
    shown = [each.recipient_id for each in lack.missing[:SCREENFUL]]
    found = here.directory.people(here.workspace, shown)
    table = (
        (
            each.recipient_id,
            found[each.recipient_id].address if each.recipient_id in found else "",
            each.step,
            ", ".join(each.variables) or each.problem,
        )
        for each in lack.missing
    )
    print_table("missing", ("recipient", "address", "step", "variables"), table)


def tell_changes(changed: Sequence["Change"]) -> None:
    for each in changed:
        then = f"gets {each.becomes} next" if each.becomes else "gets nothing more"
        before = f"not {each.next}" if each.next else "instead of nothing"
        say(f"Who was written to before, {people(each.recipients)}: {then}, {before}.")


def agree_all_the_same(
    lack: "Lack", changed: Sequence["Change"], question: str, *, yes: bool
) -> None:
    if not lack.missing and not changed:
        return
    if errors_as_json.get() and not yes:
        message = "Nothing was changed: with --json, agree with --yes."
        fail(message, code="not_confirmed", **lack_json(lack, changed))
    agreed(question, yes=yes)


def lack_json(lack: "Lack", changed: Sequence["Change"] = ()) -> dict[str, Any]:
    return {
        "recipients": lack.recipients,
        "forgotten": lack.nameless,
        "missing": [each._asdict() for each in lack.missing],
        "changes": [each._asdict() for each in changed],
    }
