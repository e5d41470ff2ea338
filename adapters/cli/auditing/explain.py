"""The full causal tree of a recipient, an account, a campaign or an incident."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.tree import Tree

from adapters.cli.auditing.reading import open_source, reading
from adapters.cli.common import settings_of
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, unknown
from adapters.screen.tables import safe
from adapters.screen.where import Where
from engine.answers.history import History
from engine.answers.recipient_case import OPENINGS
from engine.answers.telling.facts import sentence
from engine.answers.telling.rows import told
from engine.audit.causal_tree import CausalTree, CommandNode, Fact
from engine.audit.event_index import history_of
from engine.audit.source import Source, facts
from events.campaign import GracePeriodStarted
from events.recorded import Recorded
from events.vocabulary import instant_text
from projections.histories import (
    ACCOUNT,
    CAMPAIGN,
    RECIPIENT,
    key,
    of_account,
    of_campaign,
    of_recipient,
)

INCIDENT = "incident"
NODE = (
    *("command_id", "command", "actor", "correlation_id", "causation_id", "recorded_at"),
    *("first_position", "event_count"),
)


class Asked(NamedTuple):
    """The subject of the tree."""

    kind: str
    name: str
    campaign: str | None = None


def command(
    campaign: Annotated[str | None, typer.Option(help="This campaign.")] = None,
    recipient: Annotated[str | None, typer.Option(help="This recipient of the campaign.")] = None,
    account: Annotated[str | None, typer.Option(help="This account.")] = None,
    incident: Annotated[str | None, typer.Option(help="This incident: ann@acme.test#1.")] = None,
    *,
    at: Where,
) -> None:
    """Show what brought events about and what came of them: positions, ids, both times."""
    asked = _asked(campaign, recipient, account, incident)
    with reading():
        chosen = settings_of(at).workspace
        with open_source(at.store) as source:
            history = history_of(source, chosen)
            found = _facts(history, asked)
            if not found:
                _refuse(source, chosen, asked)
            roots = CausalTree(history, found).tree()
    if at.as_json:
        print_json(_json(chosen, asked, roots))
    else:
        _print(chosen, asked, roots)


def _asked(
    campaign: str | None, recipient: str | None, account: str | None, incident: str | None
) -> Asked:
    match campaign, recipient, account, incident:
        case str(), str(), None, None:
            return Asked(RECIPIENT, recipient, campaign)
        case str(), None, None, None:
            return Asked(CAMPAIGN, campaign)
        case None, None, str(), None:
            return Asked(ACCOUNT, account)
        case None, None, None, str():
            return Asked(INCIDENT, incident)
        case None, str(), None, None:
            hint = "A recipient is somebody in a campaign: name it with --campaign."
            return fail(hint, EXIT_UNREADABLE)
    return fail(
        "Name one thing: --campaign C --recipient R, --campaign C, --account A or --incident I.",
        EXIT_UNREADABLE,
    )


def _facts(history: History, asked: Asked) -> Sequence[Recorded]:
    """Every event about it, by position."""
    match asked.kind:
        case kind if kind == RECIPIENT:
            return history.of(of_recipient(asked.campaign or "", asked.name))
        case kind if kind == CAMPAIGN:
            return history.of(of_campaign(asked.name))
        case kind if kind == ACCOUNT:
            return history.of(of_account(asked.name))
        case _:
            return _facts_of_incident(history, asked.name)


def _facts_of_incident(history: History, incident: str) -> list[Recorded]:
    """The events of its account, and of the campaigns in which it started a clock."""
    found = _of(incident, history.of(of_account(incident.rpartition("#")[0])))
    openings = [each for each in found if isinstance(each.event, OPENINGS)]
    campaigns = {
        each.event.campaign_id
        for opened in openings
        for each in history.commands_caused_by(opened.envelope)
        if isinstance(each.event, GracePeriodStarted)
    }
    for campaign in sorted(campaigns):
        found += _of(incident, history.of(of_campaign(campaign)))
    return sorted(found, key=lambda each: each.position)


def _of(incident: str, facts: Iterable[Recorded]) -> list[Recorded]:
    return [each for each in facts if _incident(each) == incident]


def _incident(recorded: Recorded) -> str | None:
    return getattr(recorded.event, "incident_id", None)


def _refuse(source: Source, workspace: str, asked: Asked) -> None:
    """Refuse a name that does not exist, and suggest known ones, for which the log is read."""
    if workspace not in source.workspaces():
        unknown("workspace", workspace, list(source.workspaces()))
    of = f" of {asked.campaign}" if asked.campaign else ""
    known = _known(facts(source), workspace, asked)
    unknown(f"{asked.kind}{of}", asked.name, sorted(known))


def _known(log: Iterable[Recorded], workspace: str, asked: Asked) -> set[str]:
    known = set()
    for each in log:
        if each.workspace != workspace:
            continue
        _, kind, campaign_id, name, _ = key(each)
        if asked.kind == INCIDENT:
            known.add(_incident(each) or "")
        elif kind == asked.kind and asked.campaign in (None, campaign_id):
            known.add(name or campaign_id)
    return known - {""}


def _print(workspace: str, asked: Asked, roots: Sequence[CommandNode]) -> None:
    of = f" of {asked.campaign}" if asked.campaign else ""
    tree = Tree(safe(f"{asked.kind} {asked.name}{of}, workspace {workspace}"))
    for node in roots:
        _grow(tree, node)
    Console(highlight=False).print(tree)


def _grow(tree: Tree, node: CommandNode) -> None:
    envelope = node.envelope
    branch = tree.add(
        safe(envelope.command, "bold")
        + safe(f" by {envelope.actor}, recorded {instant_text(envelope.recorded_at)}, ")
        + safe(f"command {envelope.command_id}")
    )
    for fact in node.facts:
        recorded, style = fact.recorded, "bold" if fact.asked_about else ""
        leaf = branch.add(
            safe(f"#{recorded.position} ", style or "dim")
            + safe(type(recorded.event).__name__, style)
            + safe(f" {sentence(recorded.event)}, ")
            + safe(f"occurred {instant_text(recorded.event.occurred_at)}")
        )
        for following in fact.brought_about:
            _grow(leaf, following)
    if node.left_out:
        branch.add(
            f"… and {node.left_out:,} more of its {envelope.event_count:,} events "
            f"(#{envelope.first_position} to #{envelope.last_position})"
        )


def _json(workspace: str, asked: Asked, roots: Sequence[CommandNode]) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "kind": asked.kind,
        "name": asked.name,
        "campaign_id": asked.campaign,
        "tree": [_node_json(each) for each in roots],
    }


def _node_json(node: CommandNode) -> dict[str, Any]:
    return {
        **told(node.envelope, NODE),
        "left_out": node.left_out,
        "events": [_fact_json(each) for each in node.facts],
    }


def _fact_json(fact: Fact) -> dict[str, Any]:
    recorded = fact.recorded
    return {
        "position": recorded.position,
        "event_id": recorded.event_id,
        "event": type(recorded.event).__name__,
        "stream_id": recorded.stream_id,
        "version": recorded.version,
        "occurred_at": instant_text(recorded.event.occurred_at),
        "asked_about": fact.asked_about,
        "text": sentence(recorded.event),
        "brought_about": [_node_json(each) for each in fact.brought_about],
    }
