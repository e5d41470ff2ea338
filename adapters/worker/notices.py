"""The turn of notices: deliver what was issued and not delivered yet."""

from adapters.composition.mailboxes import notice_link
from adapters.composition.notices import owner_channel
from adapters.composition.programs import Program
from engine.work.deliver_notices import Courier


class Deliveries:
    """Delivers notices to owners in the way that the settings name."""

    def __init__(self, program: Program) -> None:
        settings, opened, engine = program
        channel = owner_channel(settings, opened.views, notice_link(opened, settings))
        assert channel is not None
        self._courier = Courier(engine, opened.views, channel)

    def turn(self) -> int:
        """Deliver what is due. Answers the number of notices delivered."""
        return self._courier.deliver()
