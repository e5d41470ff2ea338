"""Facts about a recipient that belong to no campaign."""

from events.base import Event, fact
from events.vocabulary import RecipientId


@fact
class RecipientForgotten(Event):
    """The person is forgotten for good: name, address and variables are to be gone (F1).

    A copy of the directory that still has them, as a backup may, has to forget them again.
    """

    recipient_id: RecipientId


@fact
class PeopleCommitted(Event):
    """What the directory says of these recipients has these digests (F1).

    Recorded before it is written down; once more, ``written``, where a person's row became another
    one. Each digest is keyed by a salt that only the row has, so that it tells nothing without.
    """

    digests: dict[RecipientId, str]
    written: bool = False
