"""Forget a person: the event comes first, then the directory and the evidence (F1).

The event holds only the recipient's id, and outlives the directory: if a backup brings a person
back, the event makes the directory forget them again.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.answers.workspace_answers import RecipientAnswer
from engine.work.ports import EVERYWHERE, Directory, EvidenceStore
from events.vocabulary import CampaignId, RecipientId, RecipientStatus

ATTEMPTS = 10


class Forgetters(NamedTuple):
    """Everything that stores data about a person."""

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
    """Forget the person; return the campaigns that stopped them, or None if others keep writing
    without a pause.

    S4: the digests kept cover the campaigns that have stopped the person by the end of the log, and
    those that still may. ``states`` are those of the recipient in every campaign, as of
    ``position`` or later. M7: a person who is ``suppressed``, or has received an email and may
    still unsubscribe, is recognised again ``EVERYWHERE``.
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
