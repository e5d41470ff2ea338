"""Facts about a recipient that belong to no campaign."""

from events.base import Event, fact
from events.vocabulary import RecipientId


@fact
class RecipientForgotten(Event):
    """The person is forgotten for good: name, address and variables are to be gone (F1).

    A copy of the directory that still has them, as a backup may, has to forget them again.
    """

    recipient_id: RecipientId
