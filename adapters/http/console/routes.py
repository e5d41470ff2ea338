"""The pages that show something: each asks a question from the tables that the API uses, too."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from adapters.composition.proved import HOW_TO_VERIFY_A_CASE
from adapters.http.console.chain_svg import chain
from adapters.http.console.pages import Looking, Page
from adapters.http.console.rendering import segment
from adapters.http.problems import NotFound
from adapters.http.reading import questions
from adapters.http.reading.collections import COLLECTIONS, Collection, Wanted
from adapters.http.reading.cursors import cursor_of, key_in
from adapters.http.reading.listing import chosen, told_row
from adapters.http.reading.moments import View
from adapters.http.reading.questions import person_of, reader_of
from engine.answers.telling.case import case_told
from engine.answers.telling.facts import happened
from engine.answers.telling.reader import ANYBODY
from engine.answers.telling.sentence import TITLES, Section, Sentence
from engine.answers.telling.why import explained
from engine.audit.by_stream import Asked
from engine.work.permissions import Act
from events.vocabulary import instant_text
from projections.histories import of_account, of_campaign

router = APIRouter(include_in_schema=False)
ROWS = 100
BY_NAME = {each.name: each for each in COLLECTIONS}
SHOWN_HISTORY = 50
"""Events on the page of an account or a campaign; the log has all."""


@router.get("/")
def now(page: Looking) -> Response:
    page.require(Act.READ)
    with page.site.view(page.workspace, page.at) as view:
        shown = questions.now(page.asking(view))

    def cure(clock: Mapping[str, Any]) -> str:
        names = {"account_id": clock["account_id"], "campaign_id": clock["campaign_id"]}
        return page.act(
            "reconnect_account" if clock["kind"] == "failure" else "add_sender", **names
        )

    return page.show("now.html", "/", told=shown, cure=cure)


@router.get("/lists/{name}")
def listed(page: Looking, name: str, campaign_id: str = "", cursor: str = "") -> Response:
    collection = BY_NAME.get(name)
    if collection is None:
        raise NotFound("list", name)
    page.require(collection.act)
    query = page.request.query_params
    equal = {each: query[each] for each in collection.filters if query.get(each)}
    names = {"campaign_id": campaign_id}
    after = key_in(collection.path, cursor, len(collection.key)) if cursor else None
    wanted = Wanted(page.caller, names, after, equal, ROWS + 1)
    with page.site.view(page.workspace, page.at) as view:
        found = list(islice(chosen(view, collection, wanted), ROWS + 1))
    rows = [told_row(each, collection.columns) for each in found[:ROWS]]
    following = None
    if len(found) > ROWS:
        place = cursor_of(collection.path, collection.key_of(found[ROWS - 1]))
        following = page.link(f"/lists/{name}", **equal, **names, cursor=place)
    exported = _exports(page, collection, names, equal)
    return page.show(
        "list.html",
        f"/lists/{name}",
        name=name,
        title=collection.path.split("/")[-1].capitalize(),
        question=collection.answers,
        filters=collection.filters,
        equal=equal,
        columns=collection.columns,
        rows=rows,
        next=following,
        link_to=_links(page, campaign_id),
        exported=exported,
    )


def _exports(
    page: Page, collection: Collection, names: Mapping[str, str], equal: Mapping[str, str]
) -> Callable[[str], str]:
    path = collection.path.replace("{campaign_id}", names["campaign_id"].replace("/", "%2F"))
    return lambda format_: page.link(f"/v1{path}", **equal, format=format_)


def _links(page: Page, campaign_id: str = "") -> Callable[[str, Mapping[str, Any]], str | None]:
    """The address that a cell links to, if any."""

    def target(column: str, row: Mapping[str, Any]) -> str | None:
        value = row[column]
        campaign = row.get("campaign_id") or campaign_id
        match column:
            case "account_id" | "sender" if value:
                return page.link(f"/accounts/{segment(value)}")
            case "campaign_id":
                return page.link(f"/campaigns/{segment(value)}")
            case "recipient_id" if campaign and value:
                return page.link(f"/campaigns/{segment(campaign)}/recipients/{segment(value)}")
            case _:
                return None

    return target


@router.get("/accounts/{account_id}")
def account(page: Looking) -> Response:
    page.require(Act.READ)
    names = page.here.names
    with page.site.view(page.workspace, page.at) as view:
        shown = questions.account(page.asking(view, names))
        timeline = _timeline(page, view, of_account(names["account_id"]))
    return page.show("account.html", timeline=timeline, **shown)


@router.get("/campaigns/{campaign_id}")
def campaign(page: Looking) -> Response:
    page.require(Act.READ)
    names = page.here.names
    with page.site.view(page.workspace, page.at) as view:
        shown = questions.campaign(page.asking(view, names))
        attention = questions.attention_of(page.asking(view))
        mine = [e for e in attention.to_json()["waits"] if e["campaign_id"] == names["campaign_id"]]
        lanes = []
        if view.current is not None:
            everybody = Wanted(page.caller, names, None, {})
            senders = BY_NAME["campaigns_campaign_id_senders"]
            lanes = [told_row(e, senders.columns) for e in chosen(view, senders, everybody)]
        timeline = _timeline(page, view, of_campaign(names["campaign_id"]))
    return page.show(
        "campaign.html",
        timeline=timeline,
        waits=mine,
        senders=lanes,
        link_to=_links(page),
        **shown,
    )


def _timeline(page: Page, view: View, subject: Any) -> list[tuple[int, str, str]] | None:
    """The last events, newest first; None for a caller who may not read the log."""
    if not page.caller.may(Act.READ_LOG):
        return None
    facts = view.history.of(subject)[-SHOWN_HISTORY:]
    return [
        (each.position, instant_text(each.event.occurred_at), happened(each, ANYBODY))
        for each in reversed(facts)
    ]


@router.get("/search")
def find(page: Looking, q: str = "") -> Response:
    """The one thing that is meant, or a list of matches."""
    page.require(Act.READ)
    sought = q.strip()[:320]
    with page.site.view(page.workspace, page.at) as view:
        answers, directory = view.answers(), view.opened.directory
        if sought in answers.campaigns:
            return RedirectResponse(page.link(f"/campaigns/{segment(sought)}"), 303)
        if sought.lower() in answers.accounts:
            return RedirectResponse(page.link(f"/accounts/{segment(sought.lower())}"), 303)
        lines = BY_NAME["recipients"]
        wanted = Wanted(page.caller, {}, None, {"recipient": sought})
        rows = [told_row(each, lines.columns) for each in lines.rows(view, wanted)]
        forgotten = directory.forgotten_at(view.workspace, sought) if sought else None
    if len(rows) == 1 and page.caller.may(Act.READ_CASE):
        return RedirectResponse(str(_links(page)("recipient_id", rows[0])), 303)
    shown = instant_text(forgotten) if forgotten else None
    return page.show("found.html", q=sought, rows=rows, forgotten_at=shown, link_to=_links(page))


@router.get("/campaigns/{campaign_id}/recipients/{recipient_id}")
def case(page: Looking) -> Response:
    page.require(Act.READ_CASE)
    names = page.here.names
    about = Asked(page.workspace, names["campaign_id"], names["recipient_id"])
    with page.site.view(page.workspace, page.at, about) as view:
        found = questions.case_in(page.asking(view, names))
        person = person_of(view, names["recipient_id"], page.caller)
        sentences = explained(found, reader_of(names["recipient_id"], person))
    shown = case_told(found, page.workspace, person and person._asdict(), sentences)
    sender = found.sender or ""
    campaign_id = names["campaign_id"]
    last = found.troubles[-1] if found.troubles else None
    moment = (last.deadline - timedelta(minutes=10)) if last else found.now
    return page.show(
        "case.html",
        told=shown,
        sections=_sections(shown["sentences"]),
        chain=chain(found, lambda position: page.link(f"/log/{position}")),
        letter=letter(sentences),
        proof=_proof(page, names) if found.stop else None,
        how=HOW_TO_VERIFY_A_CASE,
        tries=[
            f"reconnect {sender}",
            f"add-sender {campaign_id} {sender}",
            f"test {sender} passes",
        ],
        try_at=instant_text(moment.replace(microsecond=0)),
    )


def _proof(page: Page, names: Mapping[str, str]) -> str | None:
    """Where the case file of a stop is, if there is one; only for the present."""
    if page.at or page.site.settings.proof_folder is None:
        return None
    campaign, recipient = segment(names["campaign_id"]), segment(names["recipient_id"])
    return page.link(f"/campaigns/{campaign}/recipients/{recipient}/proof")


def letter(sentences: Sequence[Sentence]) -> str:
    """What a customer may be told: the answer, what happened, what could have avoided it."""
    told_to_them = (Section.ANSWER, Section.HAPPENED, Section.TOLD, Section.AVOIDABLE)
    return "\n".join(each.text for each in sentences if each.section in told_to_them)


def _sections(sentences: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[Any]]]:
    grouped = groupby(sentences, key=lambda each: str(each["section"]))
    return [(name, TITLES[Section(name)], list(each)) for name, each in grouped]
