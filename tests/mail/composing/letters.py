"""A step, a person, an account: what the tests of composing speak of."""

from datetime import UTC, datetime

from adapters.mail.composing.filling import FIRST
from adapters.mail.composing.message import Posting
from aggregates.campaign.pace import message_key
from engine.work.letters import Sender, Thread, Unsubscribing
from engine.work.ports import Person
from events.sequence import MailSequence, Step

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEN = Person("ben@x.test", "Ben Hur", {"first_name": "Ben", "company": "Hur & Sons"})
ANN = Sender("ann@acme.example", "Ann Arbor", "Best,\nAnn")
LEFT = message_key(MailSequence(mail_id="c0ffee", zone="UTC", steps=()), "r1", "intro")
BY_MAIL = Unsubscribing("mailto:ann@acme.example?subject=unsubscribe%20abc")
BY_CLICK = BY_MAIL._replace(https="https://acme.example/unsubscribe/abc")


def step(name: str, subject: str = "", text: str = "", html: str = "") -> Step:
    return Step(name=name, subject=subject, text=text, html=html)


def changed(before: Step, **values: str) -> Step:
    return before.model_copy(update=values)


INTRO = step("intro", "Spring at {{ company }}", "Dear {{ first_name }},\n\na word?\n")
IN_HTML = changed(INTRO, html="<body><p>Dear {{ first_name }} of {{ company }}</p></body>")
NUDGE = step("nudge", text="{{ first_name }}, again?")
AFTER_INTRO = Thread("Spring at Hur & Sons", ("<a@b>",))


def posting(
    person: Person = BEN,
    sender: Sender = ANN,
    unsubscribing: Unsubscribing = BY_MAIL,
    thread: Thread = FIRST,
    left: str = LEFT,
) -> Posting:
    return Posting(sender, person, left, NOON, unsubscribing, thread)
