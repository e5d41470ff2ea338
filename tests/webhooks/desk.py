"""A store with something to tell, and its webhooks."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

from adapters.composition.vaults import new_vault_key, vault_over
from adapters.composition.webhooking import webhooks_over
from adapters.stores.clocks import system_clock
from engine.work.webhooks.delivering import EndpointRun, Parts, has_work
from engine.work.webhooks.managing import Webhooks
from engine.work.webhooks.signing import SigningSecrets
from tests.stream.ledger import Ledger

SOON = timedelta(milliseconds=20)


class Desk:
    """Open while its ``with`` lasts. Its clock is the machine's, moved on by ``advance``."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.ledger = Ledger(url)
        self._open = ExitStack()
        self._ahead = timedelta(0)
        key = folder / "vault.key"
        if not key.exists():
            new_vault_key(key)
        told = {"vault_key_file": key, "webhook_allow": [ip_network("127.0.0.0/8")], **settings}
        self.settings = self.ledger.settings.model_copy(update=told)

    def __enter__(self) -> Self:
        self._open.enter_context(self.ledger)
        over = self._open.enter_context(webhooks_over(self.ledger.opened, self.settings))
        secrets = SigningSecrets(vault_over(self.ledger.opened, self.settings), self.now)
        self.parts: Parts = over.parts._replace(now=self.now, secrets=secrets)
        self.webhooks = Webhooks(self.parts, over.webhooks._new_id)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def now(self) -> datetime:
        return system_clock() + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by

    @property
    def last(self) -> int:
        return self.ledger.opened.store.last_position()

    def create(self, url: str, **told: Any) -> tuple[str, str]:
        """Of everything; answers its id and what verifies."""
        made = self.webhooks.create(url, "owner@acme.test", **{"first": 1, **told})
        return made.endpoint.id, made.verifier

    def deliver(self, **parts: Any) -> None:
        """Whatever can be delivered now."""
        given = self.parts._replace(**parts)
        for each in given.endpoints.all():
            if has_work(each, given, given.log.last_entry()):
                EndpointRun(given, each, lambda: True).run()
