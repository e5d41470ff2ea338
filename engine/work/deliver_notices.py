"""Deliver notices to account owners, and record every attempt with its outcome (N2)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from aggregates.email_account.commands import RecordNoticeAttempt
from engine.batch import derived_id
from engine.engine import Engine
from engine.ports.views import ReadableViews
from engine.work.ports import OwnerChannel, PartlyDelivered
from projections.accounts import ACCOUNTS, AccountRow
from projections.notices import NOTICES, NoticeRow

ACTOR = "courier"
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


class _Outcome(NamedTuple):
    delivered: bool
    detail: str
    taken_by: tuple[str, ...] = ()


class Courier:
    """Delivers the notices that the view ``notices`` shows as not delivered.

    After a crash between delivery and recording, or if the view lags for minutes, both are repeated
    under the same command id. After a failure the next attempt waits a minute, then twice as long
    each time, up to an hour, counted from what is recorded, so that a restart does not try sooner.
    """

    def __init__(self, engine: Engine, views: ReadableViews, channel: OwnerChannel) -> None:
        self._engine = engine
        self._views = views
        self._channel = channel
        self._tried: dict[tuple[str, ...], datetime] = {}
        """When this process last tried; the view may not know of it yet."""

    def deliver(self, *workspace: str) -> int:
        """Do one round, in one workspace or in all; return the number of notices delivered."""
        now = self._engine.store.now()
        self._tried = {key: at for key, at in self._tried.items() if now < at + LONGEST_WAIT}
        open_ones = self._views.rows(NOTICES, *workspace, delivered=False)
        due = [row for row in open_ones if self._due(row, now)]
        if due:
            self._engine.store.reach_disk()
        return sum(self._attempt(row, now) for row in due)

    def _due(self, notice: NoticeRow, now: datetime) -> bool:
        tried = (notice.attempted_at, self._tried.get(_key(notice)))
        last = max((at for at in tried if at is not None), default=None)
        issued = notice.issued_at is not None
        return issued and (last is None or now >= last + wait_after(notice.attempts))

    def _attempt(self, notice: NoticeRow, now: datetime) -> bool:
        outcome = self._taken(notice)
        self._record(notice, outcome)
        self._tried[_key(notice)] = now
        return outcome.delivered

    def _taken(self, notice: NoticeRow) -> _Outcome:
        try:
            return _Outcome(True, self._channel.deliver(notice, self._reason(notice)))
        except PartlyDelivered as error:
            return _Outcome(False, error.strerror or "", error.taken_by)
        except OSError as error:
            return _Outcome(False, error.strerror or type(error).__name__)

    def _record(self, notice: NoticeRow, outcome: _Outcome) -> None:
        number = str(notice.attempts + 1)
        self._engine.execute(
            notice.workspace,
            RecordNoticeAttempt(
                account_id=notice.account_id,
                incident_id=notice.incident_id,
                number=int(notice.number),
                channel=self._channel.name,
                delivered=outcome.delivered,
                detail=outcome.detail,
                taken_by=outcome.taken_by,
            ),
            command_id=derived_id(
                ACTOR, notice.workspace, notice.incident_id, notice.number, number
            ),
            actor=ACTOR,
        )

    def _reason(self, notice: NoticeRow) -> str | None:
        """The sentence of C2, as long as the account is in trouble because of this incident."""
        accounts: list[AccountRow] = list(
            self._views.rows(ACCOUNTS, notice.workspace, notice.account_id)
        )
        known = [each.reason for each in accounts if each.incident_id == notice.incident_id]
        return known[0] if known else None


def wait_after(attempts: int) -> timedelta:
    """How long the next attempt waits after this many failed attempts."""
    return min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 10)), LONGEST_WAIT)


def _key(notice: NoticeRow) -> tuple[str, ...]:
    return (notice.workspace, notice.account_id, notice.incident_id, notice.number)
