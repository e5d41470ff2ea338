"""Whether a store is well: one look that costs the same however long the log is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from engine.fence import ALARM, StoreIsFenced
from engine.ports.check_schedule import CheckSchedule
from engine.ports.coordination import Alarm, Coordination, LiveWorker, Parked
from engine.ports.store import Store
from engine.ports.view_status import Stop
from engine.ports.views import ReadableViews
from engine.stream.log_sink import RelayMark
from events.vocabulary import ClockOutcome, instant_text
from projections.clocks import CLOCKS
from projections.notices import NOTICES
from projections.shipped import SHIPPED

NOTICE_PATIENCE = 300.0
"""Seconds that an issued notice may be on its way: owners who have only an hour should hear of it
early, and a failed attempt is repeated after one minute and after two more."""

CHECK_PATIENCE = 3600.0
"""Seconds that a background check may wait: checks of a server that hangs wait for each other."""


WEBHOOK_PATIENCE = 600.0
"""Seconds that a webhook may lag: the second wait after a failure is 5 minutes."""


class ViewHealth(NamedTuple):
    """How far a view is behind the log's end."""

    name: str
    position: int
    events: int
    """The number of events that it has not processed."""
    seconds: float
    """Age of the oldest of them, by the store's clock; 0 if there are none."""
    stop: Stop | None


class Due(NamedTuple):
    """What is due and has not been settled, without parked workspaces."""

    workspaces: int
    seconds: float
    """How long the oldest has been due; 0 if there are none."""


class LateChecks(NamedTuple):
    """Background checks that are due and have not begun."""

    checks: int
    seconds: float
    """How long the oldest has waited; 0 if there are none."""


class RelayLag(NamedTuple):
    """What was recorded and is not in the topic yet, as of at most a second ago."""

    topic: str
    entries: int
    """Events, and commands without events."""
    positions: int
    """The events among them."""
    seconds: float
    """Age of the oldest entry; 0 if there are none."""


class SignedLag(NamedTuple):
    """What was recorded and is not signed yet, according to the folder of tiles."""

    signed: int
    """Entries."""
    entries: int
    """The number of entries that are not signed yet."""
    seconds: float
    """Age of the oldest of them; 0 if there are none."""


class WebhookStanding(NamedTuple):
    """The status of a webhook, as of at most a second ago."""

    webhook: str
    status: str
    reason: str
    """Why it is parked."""
    seconds: float
    """Age of the oldest entry that it has not got; 0 if there are none, or it is not active."""


class Undelivered(NamedTuple):
    """Notices that were issued and have not reached their owner."""

    notices: int
    seconds: float
    """Age of the oldest; 0 if there are none."""


class Finding(NamedTuple):
    """Why a store is not well. ``code`` is stable and for programs, the text is for people."""

    code: str
    text: str
    name: str = ""
    """The name of the view or workspace concerned."""


class Health(NamedTuple):
    at: datetime
    """The time of the look, by the store's clock."""
    position: int
    views: Sequence[ViewHealth]
    due: Due
    parked: Sequence[Parked]
    running: int
    """The number of running clocks, according to their view."""
    next_due: datetime | None
    undelivered: Undelivered
    workers: Sequence[LiveWorker] | None
    """The workers that are alive; None if that cannot be known."""
    alarms: Sequence[Alarm] = ()
    late_checks: LateChecks = LateChecks(0, 0.0)
    relay: RelayLag | None = None
    """None for a store that was never published."""
    webhooks: Sequence[WebhookStanding] = ()
    signed: SignedLag | None = None
    """None if no folder of tiles is known."""
    fenced: str | None = None
    """M6: why the store may lack some of its past, as the end of a sentence."""

    def reasons(self, patience: float) -> list[Finding]:
        """Why the store is not well, one sentence each; work counts as late after ``patience``
        seconds."""
        return [
            *self._of_fence(),
            *self._of_views(patience),
            *self._of_clocks(patience),
            *self._of_workers(),
            *self._of_notices(patience),
            *self._of_alarms(),
            *self._of_checks(patience),
            *self._of_relay(patience),
            *self._of_webhooks(patience),
            *self._of_proof(patience),
        ]

    def _of_fence(self) -> Iterator[Finding]:
        if self.fenced is not None:
            yield Finding("store_fenced", str(StoreIsFenced(reason=self.fenced)))

    def _of_views(self, patience: float) -> Iterator[Finding]:
        for view in self.views:
            if view.stop is not None:
                yield Finding(
                    "view_stopped",
                    f"View {view.name} is stopped at position {view.stop.position}, since "
                    f"{instant_text(view.stop.since)}: {view.stop.error}.",
                    view.name,
                )
            elif view.seconds > patience:
                yield Finding(
                    "view_late",
                    f"View {view.name} is {view.events} events behind; the oldest waits for "
                    f"{view.seconds:.0f} s. Does a worker keep the projections?",
                    view.name,
                )

    def _of_clocks(self, patience: float) -> Iterator[Finding]:
        if self.due.seconds > patience:
            yield Finding(
                "overdue",
                f"Something is due in {self.due.workspaces} workspaces, the oldest for "
                f"{self.due.seconds:.0f} s. Does a worker settle the clocks?",
            )
        for each in self.parked:
            yield Finding(
                "workspace_parked",
                f"Workspace {each.workspace} is parked since {instant_text(each.parked_at)}, after "
                f"{each.failures} failures: {each.error}.",
                each.workspace,
            )

    def _of_workers(self) -> Iterator[Finding]:
        """A finding if no live worker has the role of settling clocks."""
        if self.next_due is None or self.workers is None:
            return
        if not any("clocks" in each.does for each in self.workers):
            yield Finding(
                "no_worker",
                f"Nobody settles the clocks: no worker is alive that does, and the next thing is "
                f"due at {instant_text(self.next_due)}.",
            )

    def _of_notices(self, patience: float) -> Iterator[Finding]:
        waiting = self.undelivered
        if waiting.seconds > max(patience, NOTICE_PATIENCE):
            yield Finding(
                "notices_undelivered",
                f"Notices to owners that were not delivered: {waiting.notices}, the oldest for "
                f"{waiting.seconds:.0f} s. Does a worker deliver them, and can it?",
            )

    def _of_checks(self, patience: float) -> Iterator[Finding]:
        late = self.late_checks
        if late.seconds > max(patience, CHECK_PATIENCE):
            yield Finding(
                "checks_late",
                f"Background checks that wait: {late.checks}, the oldest for {late.seconds:.0f} s. "
                "Does a worker have the role checks?",
            )

    def _of_relay(self, patience: float) -> Iterator[Finding]:
        if self.relay is not None and self.relay.seconds > patience:
            yield Finding(
                "relay_late",
                f"The topic {self.relay.topic} lacks {self.relay.entries} entries, of which "
                f"{self.relay.positions} are events, the oldest for {self.relay.seconds:.0f} s. "
                "Does a worker relay, and can it?",
            )

    def _of_webhooks(self, patience: float) -> Iterator[Finding]:
        for each in self.webhooks:
            if each.status == "parked":
                yield Finding(
                    "webhook_parked",
                    f"Webhook {each.webhook} is parked: {each.reason}. Resume it once its receiver "
                    "is well.",
                    each.webhook,
                )
            elif each.seconds > max(patience, WEBHOOK_PATIENCE):
                yield Finding(
                    "webhook_late",
                    f"Webhook {each.webhook} has not got what was recorded {each.seconds:.0f} s "
                    "ago. Does its receiver answer, and has a worker the role webhooks?",
                    each.webhook,
                )

    def _of_proof(self, patience: float) -> Iterator[Finding]:
        if self.signed is not None and self.signed.seconds > patience:
            yield Finding(
                "proof_late",
                f"Of the log {self.signed.signed} entries are signed, and {self.signed.entries} "
                f"are not, the oldest for {self.signed.seconds:.0f} s. Has a worker the role "
                "proof, and can it sign?",
            )

    def _of_alarms(self) -> Iterator[Finding]:
        for each in (each for each in self.alarms if each.about != ALARM):
            text = f"Since {instant_text(each.since)}: {each.text}"
            yield Finding("operator_alarm", text, each.about)

    def to_json(self) -> dict[str, Any]:
        return {
            "at": instant_text(self.at),
            "position": self.position,
            "fenced": self.fenced,
            "views": [_view_json(view) for view in self.views],
            "due": self.due._asdict(),
            "late_checks": self.late_checks._asdict(),
            "relay": self.relay and self.relay._asdict(),
            "signed": self.signed and self.signed._asdict(),
            "webhooks": [each._asdict() for each in self.webhooks],
            "parked": [
                {
                    **each._asdict(),
                    "failed_at": instant_text(each.failed_at),
                    "parked_at": instant_text(each.parked_at),
                }
                for each in self.parked
            ],
        }


def look(
    store: Store,
    views: ReadableViews,
    coordination: Coordination,
    schedule: CheckSchedule,
    mark: RelayMark,
) -> Health:
    """The store's health now. Raises ``StoreError`` if the store cannot be reached."""
    now, checks = store.now(), schedule.overdue()
    overdue = coordination.overdue(now)
    return Health(
        at=now,
        position=store.last_position(),
        views=list(_views(store, views, now)),
        due=Due(overdue.workspaces, _since(overdue.since, now)),
        parked=coordination.parked(),
        running=views.count(CLOCKS, outcome=ClockOutcome.RUNNING),
        next_due=store.next_due(),
        undelivered=_undelivered(views, now),
        workers=coordination.workers(),
        alarms=coordination.alarms(),
        late_checks=LateChecks(checks.checks, _since(checks.since, now)),
        relay=_relay(store, mark, now),
    )


def _relay(store: Store, mark: RelayMark, now: datetime) -> RelayLag | None:
    told = mark.read()
    if told is None:
        return None
    missing = max(store.last_entry() - told.entry, 0)
    if not missing:
        return RelayLag(told.topic.name, 0, 0, 0.0)
    (oldest,) = store.entries(told.entry, 1)
    first = oldest.row[0] if oldest.row else oldest.envelope.first_position
    events = max(store.last_position() + 1 - first, 0)
    return RelayLag(told.topic.name, missing, events, _since(oldest.envelope.recorded_at, now))


def signed_lag(store: Store, signed: int) -> SignedLag:
    """The lag of a log whose first ``signed`` entries are signed."""
    missing = max(store.last_entry() + 1 - signed, 0)
    oldest = store.entries(signed - 1, 1) if missing else ()
    since = oldest[0].envelope.recorded_at if oldest else None
    return SignedLag(signed, missing, _since(since, store.now()))


def _views(store: Store, views: ReadableViews, now: datetime) -> Iterator[ViewHealth]:
    statuses = views.statuses(SHIPPED)
    end = store.last_position()
    ages = {at: _age(store, at, now) for at in {s.position for s in statuses.values()}}
    for projection, (position, stop, _) in statuses.items():
        unseen = max(end - position, 0)
        yield ViewHealth(projection.name, position, unseen, ages[position], stop)


def _age(store: Store, position: int, now: datetime) -> float:
    """Seconds since the first event after that position was recorded."""
    _, envelopes = store.read(position, 1)
    return _since(envelopes[0].recorded_at if envelopes else None, now)


def _undelivered(views: ReadableViews, now: datetime) -> Undelivered:
    issued = [row.issued_at for row in views.rows(NOTICES, delivered=False) if row.issued_at]
    return Undelivered(len(issued), _since(min(issued, default=None), now))


def _since(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _view_json(view: ViewHealth) -> dict[str, Any]:
    position, error, since = view.stop or (None, None, None)
    return {
        "name": view.name,
        "position": view.position,
        "events_behind": view.events,
        "seconds_behind": view.seconds,
        "stopped_at": position,
        "error": error,
        "stopped_since": since and instant_text(since),
    }
