"""Every collection that can be listed, in one table: columns, key, filters, rows.

A page continues after the key of the last row before it, so nothing is lost or repeated while the
log grows: a row that appears meanwhile comes where its key belongs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from adapters.http.problems import NotFound
from adapters.http.reading.moments import View
from engine.answers.senders import SenderLine, senders_of
from engine.answers.telling import rows
from engine.answers.workspace_answers import Answers, ClockAnswer, NotSending, RecipientAnswer
from engine.work.masking import shown
from engine.work.permissions import Act, Caller
from engine.work.ports import Person
from events.vocabulary import RecipientStatus
from projections.accounts import AccountRow
from projections.campaigns import CampaignRow
from projections.notices import NOTICES, NoticeRow
from projections.sends import SENDS, SendRow
from projections.slots import SLOTS, SlotRow

AT_ONCE = 1_000
"""Rows that are read together."""
Key = tuple[str, ...]


class Wanted(NamedTuple):
    """The rows that are wanted, and the caller."""

    caller: Caller
    path: Mapping[str, str]
    after: Key | None
    equal: Mapping[str, str]
    """Columns and the values they must have."""
    at_once: int = AT_ONCE
    """As many rows are read together as a page will show."""


class Collection(NamedTuple):
    path: str
    answers: str
    """The question that the collection answers."""
    row: type[Any]
    """The class of its rows, whose annotations are the types of the columns."""
    columns: Sequence[str]
    key: Sequence[str]
    """Columns that order the rows and distinguish each from all others."""
    filters: Sequence[str]
    rows: Callable[[View, Wanted], Iterable[Any]]
    """The rows after a key, in order of key; the caller applies the filters that it leaves out."""
    act: Act = Act.READ

    @property
    def name(self) -> str:
        return self.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")

    def key_of(self, row: Any) -> Key:
        return tuple(str(rows.plain(getattr(row, each)) or "") for each in self.key)


class RecipientLine(NamedTuple):
    """A recipient as listed: its status, and the person as far as the caller may see it."""

    campaign_id: str
    recipient_id: str
    status: str
    sender: str | None
    sender_fixed: bool
    emails_received: int
    held_until: datetime | None
    stopped_at: datetime | None
    stop_reason: str | None
    incident_id: str | None
    address: str | None
    name: str | None


class SuppressionLine(NamedTuple):
    """A person, or a domain with all below it, who is never written to again (M7)."""

    kind: str
    """``person`` or ``domain``."""
    suppressed: str
    """The recipient's id, or the domain."""
    because: str | None
    address: str | None = None
    name: str | None = None


def _in_memory(found: Iterable[Any], key: Sequence[str], wanted: Wanted) -> Iterator[Any]:
    """Those of a few rows that come after the key, in its order."""

    def of(row: Any) -> Key:
        return tuple(str(rows.plain(getattr(row, each)) or "") for each in key)

    after = wanted.after
    yield from sorted((each for each in found if after is None or of(each) > after), key=of)


def _accounts(view: View, wanted: Wanted) -> Iterator[AccountRow]:
    return _in_memory(view.answers().accounts.values(), ("account_id",), wanted)


def _campaigns(view: View, wanted: Wanted) -> Iterator[CampaignRow]:
    return _in_memory(view.answers().campaigns.values(), ("campaign_id",), wanted)


def _clocks(view: View, wanted: Wanted) -> Iterator[ClockAnswer]:
    return _in_memory(view.answers().clocks(), CLOCK_KEY, wanted)


def _notices(view: View, wanted: Wanted) -> Iterator[NoticeRow]:
    found = view.views.rows(NOTICES, view.workspace)
    return _in_memory(found, NOTICE_KEY, wanted)


def _slots(view: View, wanted: Wanted) -> Iterator[SlotRow]:
    return _in_memory(view.views.rows(SLOTS, view.workspace), ("slot_id",), wanted)


def _not_sending(view: View, wanted: Wanted) -> Iterator[NotSending]:
    return _in_memory(view.answers().not_sending(), ("campaign_id",), wanted)


def campaign_of(answers: Answers, campaign_id: str) -> str:
    """The campaign's id. Raises ``NotFound``."""
    if campaign_id not in answers.campaigns:
        raise NotFound("campaign", campaign_id)
    return campaign_id


def _recipients(view: View, wanted: Wanted) -> Iterator[RecipientLine]:
    answers = view.answers()
    campaign_id = campaign_of(answers, wanted.path["campaign_id"])
    stored = {each: value for each, value in wanted.equal.items() if each != "status"}
    if (status := wanted.equal.get("status")) is not None:
        stored["status"] = "active" if status == RecipientStatus.HELD else status
    after = wanted.after[0] if wanted.after else None
    while page := answers.recipients_page(campaign_id, after, wanted.at_once, **stored):
        yield from _named(view, page, wanted.caller)
        after = page[-1].recipient_id


def _found(view: View, wanted: Wanted) -> Iterator[RecipientLine]:
    """The recipients with that id or address, in every campaign."""
    sought = wanted.equal.get("recipient", "").strip()
    by_address = view.opened.directory.recipient_at(view.workspace, sought.lower())
    answers = view.answers()
    ids = dict.fromkeys(each for each in (sought, by_address) if each)
    found = [each for name in ids for each in answers.everywhere(name)]
    lines = list(_named(view, found, wanted.caller))
    return _in_memory(lines, ("campaign_id", "recipient_id"), wanted)


def _named(view: View, found: Sequence[RecipientAnswer], caller: Caller) -> Iterator[RecipientLine]:
    people = view.opened.directory.people(view.workspace, [each.recipient_id for each in found])
    for each in found:
        person: Person | None = people.get(each.recipient_id)
        known = shown(person, caller) if person else None
        address, name = (known.address, known.name) if known else (None, None)
        yield RecipientLine(**each._asdict(), address=address, name=name)


def _senders(view: View, wanted: Wanted) -> Iterator[SenderLine]:
    campaign_id = campaign_of(view.answers(), wanted.path["campaign_id"])
    found = senders_of(view.aggregates().campaign(campaign_id))
    return _in_memory(found, ("account_id",), wanted)


def _sends(view: View, wanted: Wanted) -> Iterator[SendRow]:
    campaign_id = campaign_of(view.answers(), wanted.path["campaign_id"])
    prefix = (view.workspace, campaign_id)
    after = (*prefix, *wanted.after) if wanted.after else None
    while page := view.views.page(SENDS, prefix, after, wanted.at_once):
        yield from page
        after = (*prefix, page[-1].send_id)


def _suppressions(view: View, wanted: Wanted) -> Iterator[SuppressionLine]:
    listed = view.aggregates().suppressions()
    people = view.opened.directory.people(view.workspace, listed.people)
    lines = [SuppressionLine("domain", each, None) for each in listed.domains]
    for each, because in listed.people.items():
        known = shown(people[each], wanted.caller)[:2] if each in people else ()
        lines.append(SuppressionLine("person", each, str(because), *known))
    return _in_memory(lines, ("kind", "suppressed"), wanted)


CLOCK_KEY = ("started_at", "campaign_id", "account_id", "incident_id")
NOTICE_KEY = ("issued_at", "account_id", "incident_id", "number")
RECIPIENT_COLUMNS = (*rows.RECIPIENT, "held_until", "incident_id", "address", "name")

COLLECTIONS = (
    Collection(
        "/accounts",
        "Which accounts are there, and how is each connected?",
        AccountRow,
        (*rows.ACCOUNT, "incident_id", "provider"),
        ("account_id",),
        ("status", "slot_id", "provider"),
        _accounts,
    ),
    Collection(
        "/slots",
        "Which slots are there, and who sits in each?",
        SlotRow,
        ("slot_id", "account_id"),
        ("slot_id",),
        ("account_id",),
        _slots,
    ),
    Collection(
        "/campaigns",
        "Which campaigns are there, and which are paused, by what?",
        CampaignRow,
        rows.CAMPAIGN,
        ("campaign_id",),
        ("status", "mode", "slot_id"),
        _campaigns,
    ),
    Collection(
        "/campaigns/{campaign_id}/recipients",
        "What became of each recipient of the campaign?",
        RecipientLine,
        RECIPIENT_COLUMNS,
        ("recipient_id",),
        ("status", "sender", "stop_reason", "incident_id"),
        _recipients,
    ),
    Collection(
        "/campaigns/{campaign_id}/senders",
        "Who is in FROM EMAIL, or was, and how many heard from each?",
        SenderLine,
        SenderLine._fields,
        ("account_id",),
        (),
        _senders,
    ),
    Collection(
        "/campaigns/{campaign_id}/sends",
        "Which messages were sent, and what became of each?",
        SendRow,
        tuple(each for each in SendRow._fields if each not in ("workspace", "campaign_id")),
        ("send_id",),
        ("recipient_id", "account_id", "outcome"),
        _sends,
    ),
    Collection(
        "/recipients",
        "In which campaigns is this recipient, by id or address?",
        RecipientLine,
        ("campaign_id", *RECIPIENT_COLUMNS),
        ("campaign_id", "recipient_id"),
        ("recipient",),
        _found,
    ),
    Collection(
        "/suppressions",
        "Who is never written to again, and why?",
        SuppressionLine,
        SuppressionLine._fields,
        ("kind", "suppressed"),
        ("kind", "because"),
        _suppressions,
    ),
    Collection(
        "/clocks",
        "Which clocks run, until when, how many are at stake, and what cures each?",
        ClockAnswer,
        (*rows.CLOCK, "incident_id", "ended_at", "skipped"),
        CLOCK_KEY,
        ("campaign_id", "account_id", "incident_id", "kind", "outcome"),
        _clocks,
    ),
    Collection(
        "/notices",
        "Who was told what, when, and did it arrive?",
        NoticeRow,
        (*rows.NOTICE, "incident_id", "attempts", "detail"),
        NOTICE_KEY,
        ("account_id", "incident_id", "kind"),
        _notices,
    ),
    Collection(
        "/not-sending",
        "Which campaigns do not send, and why?",
        NotSending,
        NotSending._fields,
        ("campaign_id",),
        ("status",),
        _not_sending,
    ),
)
"""All collections."""
