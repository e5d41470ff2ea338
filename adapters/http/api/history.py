"""The log and what can be learnt from it: events, differences, what-if, checks."""

from itertools import islice
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.composition.programs import rehearsal
from adapters.http.gate import Here, of
from adapters.http.problems import Problem
from adapters.http.reading.answers import EventsPage
from adapters.http.reading.listing import moment_of
from adapters.http.site import Site
from engine.answers.telling.rows import event_and_command
from engine.audit import Auditor, Violation
from engine.audit.changes import UnreadableChange, command_at, read_insertion
from engine.audit.counterfactual import reality, relive
from engine.audit.differences import changes_between
from engine.audit.log_search import Sought, search
from engine.audit.moments import By, Moment, NoMoment, read_moment
from engine.audit.outcome import compare, outcome_told
from engine.audit.source import PAGE, Source, WorkspaceFacts
from engine.work.permissions import Act
from projections.histories import Subject, of_account, of_campaign, of_recipient

router = APIRouter(tags=["history"])
MOST = 1_000
"""Events on one page; also the most differences and violations in an answer."""
AT_ONCE = 2
"""Histories that are replayed, folded or checked at the same time: each takes a core."""
_turns = BoundedSemaphore(AT_ONCE)

Text = Annotated[str | None, Field(max_length=1_000)]


class Busy(Problem):
    def __init__(self) -> None:
        super().__init__(
            503, "busy", "Other histories are gone through just now. Try again.",
            headers={"Retry-After": "5"},
        )  # fmt: skip


class Change(BaseModel):
    """One or several commands more, or one command less."""

    model_config = ConfigDict(extra="forbid")

    insert: list[Annotated[str, Field(max_length=500)]] = Field(default=[], max_length=20)
    """``reconnect ACCOUNT at TIME``, ``add-sender CAMPAIGN ACCOUNT at TIME``, …"""
    leave_out: Annotated[str, Field(max_length=200)] | None = None
    """The position or the id of an event: the command with which it began."""


class Filter(BaseModel):
    """What an event must be; what is left out does not matter."""

    type: Text = None
    stream: Text = None
    account: Text = None
    campaign: Text = None
    recipient: Text = None
    """Only together with the campaign."""
    correlation_id: Text = None
    command_id: Text = None
    actor: Text = None
    text: Text = None
    """Text that occurs in the payload as it is stored."""
    since: Text = None
    until: Text = None
    start: Annotated[int | None, Field(ge=0, le=2**62)] = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    newest: bool = False

    def sought(self) -> Sought:
        return Sought(
            self.type,
            self.stream,
            _subject(self.account, self.campaign, self.recipient),
            self.correlation_id,
            self.command_id,
            self.actor,
            self.text,
            moment_of(self.since),
            moment_of(self.until),
        )


@router.get("/events", response_model=EventsPage)
def events(asks: Annotated[Here, of(Act.READ_LOG)], wanted: Annotated[Filter, Query()]) -> Response:
    """Which events fit? By position after ``start``; with ``newest`` those before it, backwards.

    ``next`` is the ``start`` of the following page, which may be needed though this one is not
    full: one request looks at 10,000 events at most.
    """
    source, sought = _source(asks.site), wanted.sought()
    found = search(source, asks.workspace, sought, wanted.start, wanted.limit, newest=wanted.newest)
    told = [event_and_command(each) for each in found.events]
    return JSONResponse({"events": told, "next": found.looked_until})


@router.get("/differences")
def differences(
    asks: Annotated[Here, of(Act.READ_LOG)],
    earlier: Annotated[str, Query(alias="from", max_length=100)],
    later: Annotated[str, Query(alias="to", max_length=100)],
) -> dict[str, Any]:
    """What changed between two moments, each a time or a position?"""
    source = _source(asks.site)
    first, last = _moment(earlier, source), _moment(later, source)
    with turn():
        found = changes_between(source, first, last)
        mine = (each for each in found if each.key[0] == asks.workspace)
        changes = [each.told() for each in islice(mine, MOST + 1)]
    told_moments = {"from": first.told(), "to": last.told()}
    return {**told_moments, "changes": changes[:MOST], "more": len(changes) > MOST}


@router.post("/what-if")
def what_if(asks: Annotated[Here, of(Act.READ_LOG)], change: Change) -> dict[str, Any]:
    """What would have become of everyone, had something been done, or not been done?

    Nothing is written.
    """
    history = WorkspaceFacts(_source(asks.site), asks.workspace)
    with turn():
        try:
            insertions = [read_insertion(each) for each in change.insert]
            left_out = command_at(history, change.leave_out) if change.leave_out else None
        except UnreadableChange as error:
            raise Problem(422, "unreadable_change", str(error)) from None
        real = reality(history, asks.workspace)
        if real is None:
            raise Problem(404, "nothing_happened", "Nothing was recorded here yet.")
        altered = relive(
            history,
            real,
            lambda clock, policy: rehearsal(clock, policy).engine,
            insert=insertions,
            leave_out=left_out.envelope.command_id if left_out else None,
            policy=asks.site.settings.policy,
        )
        return outcome_told(compare(real, altered), left_out, change.insert)


@router.get("/checks")
def checks(asks: Annotated[Here, of(Act.READ_LOG)]) -> dict[str, Any]:
    """Does the history keep every rule that it can show? Reads the whole log."""
    source = _source(asks.site)
    violations: list[Violation] = []
    with turn():
        auditor = Auditor(violations.append, source.restored_at())
        while auditor.position < source.end:
            auditor.read(source.read(auditor.position, PAGE))
        auditor.finish(source.announced)
    mine = [e for e in violations if e.event_id.partition(":")[0] in {"", asks.workspace}]
    found = [each._asdict() for each in mine[:MOST]]
    return {"events": source.end, "clean": not mine, "violations": found, "count": len(mine)}


class turn:  # noqa: N801 used as a statement
    """Admits the few requests that may go through a history at once. Raises ``Busy``."""

    def __enter__(self) -> None:
        if not _turns.acquire(timeout=5):
            raise Busy

    def __exit__(self, *_: object) -> None:
        _turns.release()


def _source(site: Site) -> Source:
    return Source(site.reader.store, site.reader.views)


def _moment(text: str, source: Source) -> Moment:
    try:
        return read_moment(text, By.RECORDED, source)
    except NoMoment as error:
        raise Problem(422, "no_moment", str(error)) from None


def _subject(account: str | None, campaign: str | None, recipient: str | None) -> Subject | None:
    match account, campaign, recipient:
        case None, None, None:
            return None
        case str(), None, None:
            return of_account(account)
        case None, str(), None:
            return of_campaign(campaign)
        case None, str(), str():
            return of_recipient(campaign, recipient)
        case _:
            raise Problem(
                422, "one_thing", "Name one thing: an account, a campaign, or it and a recipient."
            )
