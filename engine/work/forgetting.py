"""Forget a person: a fact first, then the directory and the evidence (F1).

The fact names the recipient's id alone, and outlives the directory: where a backup brings a person
back, the fact has the directory forget again.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.answers.workspace_answers import RecipientAnswer
from engine.work.ports import EVERYWHERE, Directory, EvidenceStore
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

ATTEMPTS = 10


class Forgetters(NamedTuple):
    """All that keeps something of a person."""

    directory: Directory
    evidence: EvidenceStore


def forget(
    keep: Forgetters,
    workspace: str,
    recipient_id: RecipientId,
    position: Callable[[], int],
    states: Callable[[], Sequence[RecipientAnswer]],
    *,
    suppressed: Callable[[], bool],
) -> list[CampaignId] | None:
    """The campaigns that stopped the person; None where others write without a pause.

    S4: as of the log's end, so no stop that was decided by then is missed, and none to come.
    ``states``: of the recipient in every campaign, as of ``position`` or later. M7: who is
    ``suppressed``, or has an email and may still unsubscribe, is known again ``EVERYWHERE``.
    """
    for _ in range(ATTEMPTS):
        as_of = position()
        found = states()
        stopped = [
            each.campaign_id for each in found if each.status is RecipientStatus.CAMPAIGN_STOPPED
        ]
        may_stop = [each.campaign_id for each in found if not each.status.terminal]
        again = suppressed() or any(each.emails_received for each in found)
        refused_in = [*stopped, *may_stop, *([EVERYWHERE] if again else [])]
        if keep.directory.forget(workspace, {recipient_id: refused_in}, as_of=as_of):
            keep.evidence.forget(workspace, recipient_id)
            return stopped
    return None
