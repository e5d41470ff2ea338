"""F2: every fact's envelope says when, who, by which command and event; nothing is missing."""

from engine.audit.books import Books
from events.recorded import Envelope
from processors.reactions import REACTIONS

PROCESSORS = frozenset(
    f"processor:{reaction.name}" for answers in REACTIONS.values() for reaction in answers
)
PEOPLE = ("user", "check", "mail", "courier")


class Causes:
    """The facts of one workspace that can still cause a command: those that the present command has
    recorded, and those that set a timer that may still fall due."""

    def __init__(self) -> None:
        self._at_hand: dict[str, Envelope] = {}
        self._setters: dict[str, str] = {}
        """Correlation ids by event id."""
        self._held: dict[tuple[str, str], str] = {}

    def begin(self) -> None:
        self._at_hand.clear()

    def enter(self, envelope: Envelope) -> None:
        self._at_hand[envelope.command_id] = envelope

    def set_timer(self, event_id: str, correlation_id: str) -> None:
        self._setters[event_id] = correlation_id

    def hold(self, person: tuple[str, str], event_id: str, correlation_id: str) -> None:
        """Note a person's latest hold; only its date can still fall due."""
        self._setters.pop(self._held.get(person, ""), None)
        self._held[person] = event_id
        self._setters[event_id] = correlation_id

    def correlation(self, envelope: Envelope) -> str | None:
        """The correlation id of the fact that the envelope names as its cause; None if there is no
        such fact."""
        event_id = envelope.causation_id or ""
        if envelope.actor == "clock":
            return self._setters.get(event_id)
        source, _, index = event_id.rpartition(".")
        workspace, _, command_id = source.partition(":")
        if workspace != envelope.workspace:
            workspace = envelope.workspace
            command_id = source.removeprefix(f"{workspace}:")
        cause = self._at_hand.get(command_id)
        if cause is None or not index.isdecimal() or int(index) >= cause.event_count:
            return None
        return cause.correlation_id


def open_envelope(books: Books, causes: Causes, envelope: Envelope) -> None:
    """F2: who, when, by which command and event."""
    if envelope.recorded_at < books.recorded_at:
        books.report("F2", f"Recorded before {books.recorded_at}, which came before it.")
    actor = envelope.actor
    if not envelope.command_id or not envelope.command or not envelope.correlation_id:
        books.report("F2", "The envelope names no command or no correlation.")
    if envelope.causation_id is None:
        if envelope.correlation_id != envelope.command_id:
            books.report("F2", "The command has no cause, yet began with another command.")
        if actor != "clock" and actor.partition(":")[0] not in PEOPLE:
            books.report("F2", f"{actor or 'Nobody'} cannot ask for a command by itself.")
        return
    if actor != "clock" and actor not in PROCESSORS:
        books.report("F2", f"{actor or 'Nobody'} answers no event.")
    correlation = causes.correlation(envelope)
    if correlation is None:
        books.report("F2", f"Its cause, {envelope.causation_id}, is no fact that could cause it.")
    elif correlation != envelope.correlation_id:
        books.report(
            "F2", f"It began with {envelope.correlation_id}, its cause with {correlation}."
        )
