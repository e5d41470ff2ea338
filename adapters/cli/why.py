"""``sendledger recipients why``: the causal chain of one recipient, to be read out."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import Session, session
from adapters.screen.options import Json, Store, Workspace
from adapters.screen.output import print_json, unknown

if TYPE_CHECKING:
    from engine.answers.recipient_case import Case
    from engine.answers.telling.sentence import Sentence

NEIGHBOURS = 1_000
"""Ids that are compared with an unknown one, on either side of its place among the known."""


def why(
    recipient: Annotated[str, typer.Argument(help="The recipient's id, or their address.")],
    campaign: Annotated[str, typer.Option(help="The campaign's name.")],
    store: Store = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Tell why a recipient stands where it stands: what happened, who was told, what was tried."""
    from engine.answers.telling.why import explained

    with session(store, workspace) as opened:
        case = _case(opened, campaign, recipient)
        sentences = explained(case)
        if as_json:
            print_json(_json(opened, case, sentences))
        else:
            _print(opened, case, sentences)


def _case(opened: Session, campaign: str, recipient: str) -> "Case":
    from engine.answers.history import History, positions_in
    from engine.answers.recipient_case import case_of

    answers = opened.answers()
    if campaign not in answers.campaigns:
        unknown("campaign", campaign, list(answers.campaigns))
    history = History(opened.store, positions_in(opened.views), opened.workspace)
    known = opened.directory.recipient_at(opened.workspace, recipient.strip().lower())
    for each in (recipient, known):
        if each and (case := case_of(history, answers, campaign, each, opened.store.now())):
            return case
    return unknown(f"recipient of {campaign}", recipient, _near(opened, campaign, recipient))


def _near(opened: Session, campaign: str, recipient: str) -> list[str]:
    """Known ids around the place where this one would stand."""
    from projections.recipient_status import RECIPIENT_STATUS

    rows = opened.views.rows(RECIPIENT_STATUS, opened.workspace, campaign)
    known = sorted(row.recipient_id for row in rows)
    place = bisect_left(known, recipient)
    return known[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]


def _print(opened: Session, case: "Case", sentences: list["Sentence"]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from engine.answers.telling.one_line import one_line
    from engine.answers.telling.sentence import Section

    console = Console(highlight=False)
    console.print(Text(_person(opened, case)))
    for section in Section:
        found = [each for each in sentences if each.section is section]
        if not found:
            continue
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right")
        table.add_column(overflow="fold")
        for each in found:
            text = one_line(each.text, 2_000)
            table.add_row(Text(f"#{each.rests_on.position}", style="dim"), Text(text))
        console.print(Text(f"\n{TITLES[section]}", style="bold"))
        console.print(table)


TITLES = {
    "answer": "The answer",
    "happened": "What happened",
    "told": "Who was told",
    "tried": "What was tried",
    "avoidable": "How it could have been avoided",
    "now": "Now",
}


def _person(opened: Session, case: "Case") -> str:
    from engine.answers.telling.reader import ANYBODY

    recipient_id = case.answer.recipient_id
    person = opened.directory.person(opened.workspace, recipient_id)
    if person is None:
        forgotten = opened.directory.forgotten_at(opened.workspace, recipient_id)
        since = f"forgotten on {ANYBODY.when(forgotten)}" if forgotten else "not in the directory"
        return f"Recipient {recipient_id}: {since}"
    return f"Recipient {recipient_id}: {' '.join(filter(None, (person.name, person.address)))}"


def _json(opened: Session, case: "Case", sentences: list["Sentence"]) -> dict[str, Any]:
    person = opened.directory.person(opened.workspace, case.answer.recipient_id)
    return {
        "workspace": opened.workspace,
        "campaign_id": case.answer.campaign_id,
        "recipient_id": case.answer.recipient_id,
        "person": {"name": person.name, "address": person.address} if person else None,
        "status": case.answer.status,
        "sender": case.sender,
        "sentences": [_sentence_json(each) for each in sentences],
    }


def _sentence_json(sentence: "Sentence") -> dict[str, Any]:
    from events.vocabulary import instant_text

    recorded = sentence.rests_on
    return {
        "section": sentence.section,
        "text": sentence.text,
        "position": recorded.position,
        "event_id": recorded.event_id,
        "event": type(recorded.event).__name__,
        "occurred_at": instant_text(recorded.event.occurred_at),
        "recorded_at": instant_text(recorded.envelope.recorded_at),
        "actor": recorded.envelope.actor,
    }
