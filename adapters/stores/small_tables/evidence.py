"""What servers said, kept beside a store's log under the digest in the events (C1)."""

from adapters.stores.small_tables.small_table import StoredTable
from engine.work.classifying.evidence import Evidence


class StoredEvidence(StoredTable):
    """Implements ``EvidenceStore``."""

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        about = {"workspace": workspace, "subject": subject, "digest": digest}
        self._table.write("keep", **about, **evidence._asdict())

    def find(self, workspace: str, digest: str) -> Evidence | None:
        return self._table.record("find", Evidence, workspace=workspace, digest=digest)

    def forget(self, workspace: str, subject: str) -> None:
        self._table.erase("forget", workspace=workspace, subject=subject)
