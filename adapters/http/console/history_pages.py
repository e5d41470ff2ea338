"""Pages of the log, of one event, of two moments compared, and of the machine's state."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter
from starlette.responses import Response

from adapters.composition.programs import health_of
from adapters.http.api.history import MOST, Filter, turn
from adapters.http.console.pages import Looking, Page
from adapters.http.console.proofs import proof_of_event
from adapters.http.reading import questions
from adapters.http.reading.webhooks import standing_told, visible
from engine.answers.telling.facts import happened
from engine.answers.telling.reader import ANYBODY
from engine.answers.telling.rows import event_and_command
from engine.audit.differences import changes_between
from engine.audit.log_search import search
from engine.audit.moments import By, Moment, read_moment
from engine.audit.source import Source
from engine.work.permissions import Act
from events.recorded import Recorded
from events.vocabulary import instant_text

router = APIRouter(include_in_schema=False)


@router.get("/log")
def log(page: Looking) -> Response:
    page.require(Act.READ_LOG)
    query = {name: value for name, value in page.request.query_params.items() if value}
    query.setdefault("newest", "true")
    wanted = Filter.model_validate({n: v for n, v in query.items() if n in Filter.model_fields})
    source = Source(page.site.reader.store, page.site.reader.views)
    sought = wanted.sought()
    if page.at is not None:
        sought = sought._replace(until=min(page.at, sought.until or page.at))
    found = search(source, page.workspace, sought, wanted.start, wanted.limit, newest=wanted.newest)
    kept = {n: v for n, v in query.items() if n not in ("start", "workspace", "at")}
    following = found.looked_until
    return page.show(
        "log.html",
        "/log",
        events=[event_and_command(each) for each in found.events],
        query=query,
        newest=wanted.newest,
        this=page.link("/log", **kept),
        next=page.link("/log", **kept, start=following) if following is not None else None,
        saved=_saved(page),
        query_text=urlencode(kept),
    )


def _saved(page: Page) -> list[tuple[str, str]]:
    found = page.site.filters.of(page.caller.name)
    return [(each.name, page.link("/log", **dict(parse_qsl(each.query)))) for each in found]


@router.get("/log/{position}")
def event(page: Looking) -> Response:
    page.require(Act.READ_LOG)
    names = page.here.names
    with page.site.view(page.workspace, page.at) as view:
        shown = questions.event(page.asking(view, names))
        (found,) = view.history.at([int(names["position"])])
    return page.show(
        "event.html",
        told=shown,
        sentence=happened(found, ANYBODY),
        proof=proof_of_event(page, names["position"]),
        **_facts(shown, found),
    )


def _facts(shown: Mapping[str, Any], found: Recorded) -> dict[str, Any]:
    names = (
        *("stream", "version", "occurred_at", "recorded_at", "actor", "command", "command_id"),
        *("correlation_id", "causation_id", "event_id"),
    )
    late = (found.envelope.recorded_at - found.event.occurred_at).total_seconds()
    facts = {each: shown[each] for each in names} | {"recorded after, seconds": f"{late:.3f}"}
    return {"facts": facts, "payload": json.dumps(shown["data"], indent=2, ensure_ascii=False)}


@router.get("/past")
def past(page: Looking) -> Response:
    page.require(Act.READ_LOG)
    source = Source(page.site.reader.store, page.site.reader.views)
    first = source.read(0, 1).envelopes
    began = first[0].recorded_at if first else page.site.now()
    ended, query = page.site.now(), page.request.query_params
    earlier, later = query.get("from", instant_text(began)), query.get("to", instant_text(ended))
    changes, more = None, False
    if query.get("from") and query.get("to"):
        moments = [read_moment(each, By.RECORDED, source) for each in (earlier, later)]
        changes, more = _changes(page, source, moments)
    chosen_at = page.at or ended
    return page.show(
        "past.html",
        "/past",
        first=int(began.timestamp()),
        last=int(ended.timestamp()) + 1,
        chosen=int(chosen_at.timestamp()),
        chosen_text=instant_text(chosen_at.replace(microsecond=0)),
        earlier=earlier,
        later=later,
        changes=changes,
        more=more,
    )


def _changes(
    page: Page, source: Source, moments: Sequence[Moment]
) -> tuple[list[dict[str, Any]], bool]:
    first, last = moments
    with turn():
        found = changes_between(source, first, last)
        mine = (each for each in found if each.key[0] == page.workspace)
        changes = [each.told() for each in islice(mine, MOST + 1)]
    return changes[:MOST], len(changes) > MOST


def _webhooks(page: Page) -> list[dict[str, Any]] | None:
    if not page.caller.may(Act.OPERATE):
        return None
    return [standing_told(each) for each in visible(page.site.webhooks, page.caller)]


@router.get("/machine")
def machine(page: Looking) -> Response:
    page.require(Act.READ)
    program = page.site.program
    health = health_of(program.opened, program.settings.proof_folder)
    workers = None if health.workers is None else [each._asdict() for each in health.workers]
    return page.show(
        "machine.html",
        "/machine",
        told=health.to_json(),
        reasons=[each.text for each in health.reasons(page.site.settings.overdue_after)],
        workers=workers,
        webhooks=_webhooks(page),
    )
