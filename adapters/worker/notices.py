"""The notices' turn: what was issued and not delivered goes on its way."""

from adapters.mail.outbox import MaildirOutbox
from adapters.settings import EngineSettings
from engine.engine import Engine
from engine.ports.views import Views
from engine.work.deliver_notices import Courier


class Deliveries:
    """Into the maildir that the settings name."""

    def __init__(self, engine: Engine, views: Views, settings: EngineSettings) -> None:
        assert settings.outbox is not None
        outbox = MaildirOutbox(settings.outbox, settings.owner_address)
        self._courier = Courier(engine, views, outbox)

    def turn(self) -> int:
        """Answers how many were delivered."""
        return self._courier.deliver()
