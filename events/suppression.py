"""Facts about whom a workspace never writes to again (M7)."""

from events.base import Event, fact
from events.vocabulary import RecipientId, SuppressedBecause


@fact
class PersonSuppressed(Event):
    """No campaign of the workspace writes to the person again."""

    recipient_id: RecipientId
    because: SuppressedBecause


@fact
class PersonReleased(Event):
    """An operator lets campaigns write to the person again; whoever was ended stays so."""

    recipient_id: RecipientId
    reason: str


@fact
class DomainSuppressed(Event):
    """Nobody with an address of this domain, or of one below it, is written to again."""

    domain: str


@fact
class DomainReleased(Event):
    """An operator lets campaigns write to the domain again; whoever was ended stays so."""

    domain: str
    reason: str


SuppressionEvent = PersonSuppressed | PersonReleased | DomainSuppressed | DomainReleased
