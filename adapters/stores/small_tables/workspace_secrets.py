"""Secrets under which entries are committed to, kept beside a store's log."""

from contextlib import suppress
from secrets import token_hex

from adapters.stores.small_tables.small_table import StoredTable
from engine.proof.errors import SecretMissing


class StoredWorkspaceSecrets(StoredTable):
    """32 random octets for each workspace, drawn once and never changed, because every proof needs
    them. Raises ``SecretMissing``."""

    def of(self, workspace: str) -> bytes:
        """Drawn now, if there is none."""
        if self._table.row("find", workspace=workspace) is None:
            self._table.write("draw", workspace=workspace, value=token_hex(32))
        return self.known(workspace)

    def known(self, workspace: str) -> bytes:
        found = self._table.row("find", workspace=workspace)
        with suppress(TypeError, ValueError):
            if found is not None:
                return bytes.fromhex(found[0])
        raise SecretMissing(workspace=workspace)
