"""Snapshots of large aggregates: the state as of a version, so that a cold start replays little."""

import json
from typing import Any

from eventsourcing.persistence import StoredEvent

from engine.streams import SnapshotForm


def freeze(form: SnapshotForm, stream_id: str, version: int, state: Any) -> StoredEvent:
    return StoredEvent(
        originator_id=stream_id,
        originator_version=version,
        topic=form.topic,
        state=json.dumps(form.to_plain(state), separators=(",", ":")).encode(),
    )


def thaw(form: SnapshotForm, snapshot: StoredEvent) -> Any:
    """The state in a snapshot. Raises ``ValueError``, ``TypeError`` or ``LookupError`` if it is not
    of that form."""
    return form.from_plain(json.loads(snapshot.state))
