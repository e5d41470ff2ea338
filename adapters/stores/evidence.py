"""What servers said, kept beside a store's log under the digest in the events (C1)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from adapters.stores.directory import DirectoryStore
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol


class StoredEvidence(ABC):
    """A product brings its statements, and how no trace of a text is left."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        protocol, stage, text, provider, auth, token_fresh = evidence
        values = (str(protocol), str(stage), provider, str(auth), token_fresh, text)
        with self._store.explained(), self._store.writing() as c:
            c.execute(self.SQL["keep"], (workspace, subject, digest, *values))

    def find(self, workspace: str, digest: str) -> Evidence | None:
        with self._store.explained(), self._store.reading() as c:
            found = c.execute(self.SQL["find"], (workspace, digest)).fetchone()
        if found is None:
            return None
        protocol, stage, provider, auth, token_fresh, text = found
        return Evidence(
            Protocol(protocol), At(stage), text, provider, Auth(auth), bool(token_fresh)
        )

    def forget(self, workspace: str, subject: str) -> None:
        with self._store.explained():
            with self._store.writing() as c:
                self._delete(c, workspace, subject)
            self._erase()

    @abstractmethod
    def _delete(self, c: Any, workspace: str, subject: str) -> None: ...

    @abstractmethod
    def _erase(self) -> None:
        """After the commit. Raises ``TracesRemain``."""
