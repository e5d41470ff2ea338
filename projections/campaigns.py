"""Is this campaign running, and if not: what keeps it, and who may send?"""

from typing import NamedTuple

from events import campaign as facts
from events.recorded import Recorded
from events.vocabulary import CampaignStatus, Mode
from projections.projection import Projection


class CampaignRow(NamedTuple):
    workspace: str
    campaign_id: str
    mode: Mode = Mode.ROTATION
    slot_id: str | None = None
    status: CampaignStatus = CampaignStatus.DRAFT
    pause_causes: tuple[str, ...] = ()
    from_email: tuple[str, ...] = ()


def key(recorded: Recorded) -> tuple[str, str]:
    return (recorded.envelope.workspace, recorded.event.campaign_id)  # type: ignore[attr-defined]


def evolve(row: CampaignRow | None, recorded: Recorded) -> CampaignRow:
    if row is None:
        row = CampaignRow(*key(recorded))
    match recorded.event:
        case facts.CampaignCreated(mode=mode, slot_id=slot):
            return row._replace(mode=mode, slot_id=slot)
        case facts.CampaignStarted() | facts.CampaignResumed() | facts.CampaignReopened():
            return row._replace(status=CampaignStatus.RUNNING, pause_causes=())
        case facts.CampaignPaused(cause=cause):
            causes = tuple(sorted({*row.pause_causes, cause}))
            return row._replace(status=CampaignStatus.PAUSED, pause_causes=causes)
        case facts.PauseCauseCleared(cause=cause):
            return row._replace(pause_causes=tuple(c for c in row.pause_causes if c != cause))
        case facts.CampaignFinished():
            return row._replace(status=CampaignStatus.FINISHED, pause_causes=())
        case facts.SenderAdded(account_id=account):
            return row._replace(from_email=(*row.from_email, account))
        case facts.SenderRemoved(account_id=account) | facts.GracePeriodExpired(account_id=account):
            return row._replace(from_email=tuple(a for a in row.from_email if a != account))
        case _:
            return row


CAMPAIGNS = Projection(
    name="campaigns",
    version=1,
    row=CampaignRow,
    key_length=2,
    watches=frozenset(
        {
            facts.CampaignCreated,
            facts.CampaignStarted,
            facts.CampaignPaused,
            facts.PauseCauseCleared,
            facts.CampaignResumed,
            facts.CampaignFinished,
            facts.CampaignReopened,
            facts.SenderAdded,
            facts.SenderRemoved,
            facts.GracePeriodExpired,
        }
    ),
    key=key,
    evolve=evolve,
)
