"""The notices' turn: what was issued and not delivered goes on its way."""

from adapters.composition import owner_channel
from adapters.settings import EngineSettings
from engine.engine import Engine
from engine.ports.views import Views
from engine.work.deliver_notices import Courier


class Deliveries:
    """To owners, on the way that the settings name."""

    def __init__(self, engine: Engine, views: Views, settings: EngineSettings) -> None:
        channel = owner_channel(settings, views)
        assert channel is not None
        self._courier = Courier(engine, views, channel)

    def turn(self) -> int:
        """Answers how many were delivered."""
        return self._courier.deliver()
