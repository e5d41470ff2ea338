"""``sendledger recipients why``: the causal chain of one recipient, to be read out."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import Asked, asking
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say, unknown
from adapters.screen.reading import reader, zone_name
from adapters.screen.where import Zoned

if TYPE_CHECKING:
    from aggregates.waiting import NotBefore
    from engine.answers.recipient_case import Case
    from engine.answers.telling.sentence import Sentence
    from engine.answers.workspace_answers import Answers
    from engine.work.ports import Person

NEIGHBOURS = 1_000
"""Known ids on either side of an unknown one's place that are compared with it."""


def why(
    recipient: Annotated[str, typer.Argument(help="The recipient's id, or their address.")],
    campaign: Annotated[
        str | None, typer.Option(help="The campaign's name, where the person is in several.")
    ] = None,
    *,
    at: Zoned,
) -> None:
    """Explain a recipient's state: what happened, who was told, what was tried."""
    from engine.answers.telling.case import case_told
    from engine.answers.telling.why import explained

    with asking(at) as opened:
        case = _case(opened, campaign, recipient)
        person = opened.directory.person(opened.workspace, case.answer.recipient_id)
        names = {case.answer.recipient_id: person.name} if person else {}
        sentences = explained(case, reader(says_zone=at.as_json, names=names))
        if at.as_json:
            print_json(case_told(case, opened.workspace, person and person._asdict(), sentences))
        else:
            say(_heading(opened, case, person))
            _print(sentences)


def _case(opened: Asked, campaign: str | None, recipient: str) -> "Case":
    from engine.answers.recipient_case import case_of

    answers = opened.answers()
    known = opened.directory.recipient_at(opened.workspace, recipient.strip().lower())
    named = [each for each in (recipient, known) if each]
    campaign = campaign or _only_campaign(answers, named, recipient)
    if campaign not in answers.campaigns:
        unknown("campaign", campaign, list(answers.campaigns))
    current, history = opened.current, opened.current.history()
    for each in named:
        case = case_of(
            history,
            answers,
            campaign,
            each,
            current.now,
            recorded_until=current.recorded_until,
        )
        if case is not None:
            return case._replace(waits=wait_of(opened, campaign, each))
    return unknown(f"recipient of {campaign}", recipient, _near(opened, campaign, recipient))


def planned(opened: Asked, campaign: str) -> bool:
    """Whether the campaign sends by itself."""
    return opened.current.aggregates.campaign(campaign).sequence is not None


def wait_of(opened: Asked, campaign: str, recipient_id: str) -> "NotBefore | None":
    """Why nothing is sent to the recipient now; None also for a campaign without a sequence."""
    from engine.planning.why_not_now import why_not_now

    found = opened.current.aggregates.campaign(campaign)
    if found.sequence is None or recipient_id not in found.recipients:
        return None
    return why_not_now(opened.moment, found, recipient_id)


def _only_campaign(answers: "Answers", named: Sequence[str], recipient: str) -> str:
    """The only campaign with the person; ends the program and lists them if there are several."""
    found = {each.campaign_id for name in named for each in answers.everywhere(name)}
    if not found:
        unknown("recipient", recipient, [])
    if len(found) > 1:
        several = ", ".join(sorted(found))
        fail(
            f"{recipient} is in several campaigns: {several}. Name one with --campaign.",
            EXIT_UNREADABLE,
        )
    return found.pop()


def _near(opened: Asked, campaign: str, recipient: str) -> list[str]:
    """Known ids near the place where this one would be."""
    from projections.recipient_status import RECIPIENT_STATUS

    rows = opened.current.views.rows(RECIPIENT_STATUS, opened.workspace, campaign)
    known = sorted(row.recipient_id for row in rows)
    place = bisect_left(known, recipient)
    return known[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]


def _print(sentences: Sequence["Sentence"]) -> None:
    from rich.table import Table

    from adapters.screen.tables import safe, show
    from engine.answers.telling.sentence import TITLES, Section

    for section in Section:
        found = [each for each in sentences if each.section is section]
        if not found:
            continue
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right")
        table.add_column(overflow="fold")
        for each in found:
            table.add_row(safe(f"#{each.rests_on.position}", "dim"), safe(each.text))
        show(safe(""), safe(TITLES[section], "bold"), table)


def _heading(opened: Asked, case: "Case", person: "Person | None") -> str:
    from engine.answers.telling.reader import full_name

    recipient_id = case.answer.recipient_id
    if person is not None:
        who = full_name(person.name, person.address)
    elif forgotten := opened.directory.forgotten_at(opened.workspace, recipient_id):
        who = f"forgotten on {reader().when(forgotten)}"
    else:
        who = "not in the directory"
    return f"Recipient {recipient_id}: {who}. Times are in {zone_name()}."
