"""What servers said, kept beside a store's log under the digest in the events (C1)."""

from pathlib import Path

from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol


class StoredEvidence:
    """Implements ``EvidenceStore``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        about = {"workspace": workspace, "subject": subject, "digest": digest}
        self._table.write("keep", **about, **evidence._asdict())

    def find(self, workspace: str, digest: str) -> Evidence | None:
        found = self._table.row("find", workspace=workspace, digest=digest)
        if found is None:
            return None
        protocol, stage, text, provider, auth, fresh = found
        return Evidence(Protocol(protocol), At(stage), text, provider, Auth(auth), bool(fresh))

    def forget(self, workspace: str, subject: str) -> None:
        self._table.erase("forget", workspace=workspace, subject=subject)
