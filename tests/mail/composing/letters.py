"""A step, a person, an account: what the tests of composing speak of."""

from datetime import UTC, datetime

from adapters.mail.composing.filling import FIRST
from adapters.mail.composing.message import Posting
from engine.work.letters import Sender, Step, Thread, Unsubscribing
from engine.work.message_ids import message_id_left
from engine.work.ports import Person

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEN = Person("ben@x.test", "Ben Hur", {"first_name": "Ben", "company": "Hur & Sons"})
ANN = Sender("ann@acme.example", "Ann Arbor", "Best,\nAnn")
LEFT = message_id_left("c0ffee", "r1", "intro")
BY_MAIL = Unsubscribing("mailto:ann@acme.example?subject=unsubscribe%20abc")
BY_CLICK = BY_MAIL._replace(https="https://acme.example/unsubscribe/abc")
INTRO = Step("intro", "Spring at {{ company }}", "Dear {{ first_name }},\n\na word?\n")
IN_HTML = INTRO._replace(html="<body><p>Dear {{ first_name }} of {{ company }}</p></body>")
NUDGE = Step("nudge", text="{{ first_name }}, again?")
AFTER_INTRO = Thread("Spring at Hur & Sons", ("<a@b>",))


def posting(
    person: Person = BEN,
    sender: Sender = ANN,
    unsubscribing: Unsubscribing = BY_MAIL,
    thread: Thread = FIRST,
    left: str = LEFT,
) -> Posting:
    return Posting(sender, person, left, NOON, unsubscribing, thread)
