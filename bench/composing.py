"""Messages of text and HTML, beside the standard library's quickest way to make the same ones."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

from adapters.mail.composing.filling import writing
from adapters.mail.composing.message import OUR_ID, Posting, compose
from aggregates.campaign.pace import message_key
from bench.timing import timed
from engine.work.letters import Letter, Sender, Unsubscribing
from engine.work.ports import Person
from events.sequence import MailSequence, Step

MESSAGES = 20_000
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = Sender("ann@acme.example", "Ann Müller", "Best,\nAnn")
STEP = Step(
    name="intro",
    subject="Frühling at {{ company }}",
    text="Dear {{ first_name }},\n\nwould a wörd about spring be welcome at {{ company }}?\n" * 6,
    html="<html><body>"
    + "<p>Dear {{ first_name }}, would a wörd about {{ company }} be welcome?</p>\n" * 6
    + "</body></html>",
)
SEQUENCE = MailSequence(mail_id="c0ffeec0ffeec0ffeec0", zone="UTC", steps=(STEP,))


def composing() -> dict[str, float]:
    """Messages per second: ours, that of ``email``'s MIME classes, ours with the templates."""
    postings = [posting_of(number) for number in range(MESSAGES)]
    ready = writing(STEP)
    letters = [ready.fill(each.person, ANN) for each in postings]
    pairs = list(zip(letters, postings, strict=True))
    few = pairs[: MESSAGES // 10]
    assert len(compose(*pairs[0]).content) > 1_000

    def from_templates() -> None:
        for each in postings:
            compose(ready.fill(each.person, ANN), each)

    return {
        "ours": MESSAGES / timed(lambda: _all(compose, pairs)),
        "compat32": len(few) / timed(lambda: _all(by_mime_classes, few)),
        "from_templates": MESSAGES / timed(from_templates),
    }


def _all(
    make: Callable[[Letter, Posting], object], pairs: Sequence[tuple[Letter, Posting]]
) -> None:
    for letter, posting in pairs:
        make(letter, posting)


def person_of(number: int) -> Person:
    variables = {"first_name": f"Bén {number}", "company": f"Company {number}"}
    return Person(f"ben{number}@x{number % 500}.example", f"Bén Hur {number}", variables)


def posting_of(number: int) -> Posting:
    token = f"{number:0100}"
    ways = Unsubscribing(
        f"mailto:{ANN.address}?subject=unsubscribe%20{token}", f"https://x.example/{token}"
    )
    left = message_key(SEQUENCE, f"{number:020x}", STEP.name)
    return Posting(ANN, person_of(number), left, NOON, ways)


def by_mime_classes(letter: Letter, posting: Posting) -> bytes:
    message = MIMEMultipart("alternative")
    message["From"] = formataddr((posting.sender.name, posting.sender.address))
    message["To"] = formataddr((posting.person.name, posting.person.address))
    message["Subject"] = Header(letter.subject, "utf-8").encode()
    message["Date"] = format_datetime(posting.at)
    message["Message-ID"] = f"<{posting.left}@acme.example>"
    message[OUR_ID] = posting.left
    message["List-Unsubscribe"] = (
        f"<{posting.unsubscribing.https}>, <{posting.unsubscribing.mailto}>"
    )
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.attach(MIMEText(letter.text, "plain", "utf-8"))
    message.attach(MIMEText(letter.html, "html", "utf-8"))
    return message.as_bytes()
