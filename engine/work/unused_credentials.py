"""Delete credentials that no account uses once they are a day old (R2, T1).

A process that dies while it connects, reconnects or disconnects a mailbox leaves some behind. After
a day no process can be about to record them.
"""

from collections.abc import Iterator

from engine.engine import Engine
from engine.ports.clock import Clock
from engine.ports.views import ReadableViews
from engine.work.access import opens_a_mailbox
from engine.work.mailboxes import FORGOTTEN
from engine.work.secret import SecretRef
from engine.work.vault import Vault
from projections.accounts import ACCOUNTS


class UnusedCredentials:
    """The unused credentials of all workspaces, whether or not their accounts exist."""

    def __init__(self, engine: Engine, vault: Vault, views: ReadableViews, now: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._views = views
        self._now = now

    def delete(self) -> int:
        """Delete them; return the number deleted. Raises ``StoreError``."""
        unused = [ref for ref in self._suspects() if not self._is_used(ref)]
        return sum(self._vault.delete(ref) for ref in unused)

    def _suspects(self) -> Iterator[SecretRef]:
        """Credentials that the view does not know; the view may lag, so this alone proves
        nothing."""
        rows = self._views.rows(ACCOUNTS)
        in_use = {(each.workspace, each.account_id, each.credentials) for each in rows}
        before = self._now() - FORGOTTEN
        for stored in self._vault.list():
            is_old = stored.stored_at < before
            if is_old and opens_a_mailbox(stored.ref) and stored.ref not in in_use:
                yield stored.ref

    def _is_used(self, ref: SecretRef) -> bool:
        with self._engine.look(ref.workspace) as now:
            return now.account(ref.account_id).credentials == ref.name
