"""A step's letter for one recipient, and what it lacks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from adapters.mail.composing.language import LONGEST_VALUE, variable_name
from adapters.mail.composing.plain_text import plain_text
from adapters.mail.composing.templates import LONGEST_RESULT, Filled, Gap, template
from engine.answers.telling.one_line import one_line
from engine.work.letters import (
    Letter,
    LetterError,
    LetterTooLong,
    Missing,
    Sender,
    SubjectMissing,
    TemplateUnusable,
    Thread,
    Unsubscribing,
    VariablesMissing,
)
from engine.work.ports import Person
from events.sequence import Step
from events.vocabulary import RecipientId

LONGEST_SUBJECT = 250
AGAIN = "Re: "
FIRST = Thread()
"""No message was sent before."""
_EXAMPLE = Unsubscribing("mailto:sender@example.com?subject=unsubscribe")
_NOBODY = Sender("sender@example.com")
_BODY_ENDS = re.compile(r"</body\s*>", re.IGNORECASE)


class Writing(NamedTuple):
    """A step whose templates are compiled; make it once and fill it for many recipients."""

    step: Step
    subject: Filled
    text: Filled
    html: Filled

    def fill(
        self,
        person: Person,
        sender: Sender,
        thread: Thread = FIRST,
        unsubscribing: Unsubscribing = _EXAMPLE,
    ) -> Letter:
        """The letter. Raises ``VariablesMissing``, ``SubjectMissing`` and ``LetterTooLong``."""
        subject, text, html = self.unsigned(person, sender, thread, unsubscribing)
        if html:
            html = _signed_html(html, sender.signature)
        if self.step.text:
            return Letter(subject, _signed_text(text, sender.signature), html)
        text = plain_text(html)
        if len(text) > LONGEST_RESULT:
            raise LetterTooLong(step=self.step.name, part="text", most=LONGEST_RESULT)
        return Letter(subject, f"{text}\n", html)

    def unsigned(
        self,
        person: Person,
        sender: Sender,
        thread: Thread,
        unsubscribing: Unsubscribing = _EXAMPLE,
    ) -> Letter:
        """The filled-in templates, without a signature."""
        values = _values(person, sender, unsubscribing)
        if max(map(len, values.values())) > LONGEST_VALUE:
            raise LetterTooLong(step=self.step.name, part="variables", most=LONGEST_VALUE)
        try:
            subject = self._subject(values, thread)
            return Letter(subject, self.text.fill(values), self.html.fill(values))
        except Gap:
            raise self._lacking(values) from None

    def _subject(self, values: Mapping[str, str], thread: Thread) -> str:
        """The subject on one line, whatever a variable contains."""
        told = one_line(self.subject.fill(values), LONGEST_SUBJECT)
        if told:
            return told
        if not thread.subject or self.step.subject:
            raise SubjectMissing(step=self.step.name)
        first = one_line(thread.subject, LONGEST_SUBJECT)
        return first if first.lower().startswith(AGAIN.strip().lower()) else f"{AGAIN}{first}"

    def _lacking(self, values: Mapping[str, str]) -> VariablesMissing:
        """All missing variables: each one found gets a value, until none is missing."""
        lacking: dict[str, str] = {}
        for each in (self.subject, self.text, self.html):
            while gap := _gap(each, {**values, **lacking}):
                lacking[gap] = "-"
        return VariablesMissing(step=self.step.name, variables=", ".join(lacking))


def writing(step: Step) -> Writing:
    """The step, ready to be filled. Raises ``TemplateUnusable``."""
    if not step.text.strip() and not step.html.strip():
        problem = "it is empty, and so is the HTML; write one of them"
        raise TemplateUnusable(step=step.name, part="text", line=1, problem=problem)
    return Writing(
        step,
        template(step.name, "subject", step.subject),
        template(step.name, "text", step.text),
        template(step.name, "html", step.html, html=True),
    )


def preview(step: Step, person: Person, sender: Sender, thread: Thread = FIRST) -> Letter:
    """The step as this recipient would get it from this account. Raises ``LetterError``."""
    return writing(step).fill(person, sender, thread)


def rehearsed(steps: Sequence[Step], name: str, person: Person, sender: Sender) -> Letter:
    """The named step as this recipient gets it after those before it. Raises ``LetterError``."""
    step = next(each for each in steps if each.name == name)
    if step.subject or step is steps[0]:
        return preview(step, person, sender)
    begun = next((each for each in steps if each.subject), step)
    return preview(step, person, sender, Thread(preview(begun, person, sender).subject))


def missing(
    steps: Sequence[Step], people: Iterable[tuple[RecipientId, Person]]
) -> Iterator[Missing]:
    """Every step that cannot be sent to a recipient as things are, in the order of the recipients.

    Raises ``TemplateUnusable``, and ``SubjectMissing`` for a first step without a subject.
    """
    ready = [writing(step) for step in steps]
    if steps and not steps[0].subject.strip():
        raise SubjectMissing(step=steps[0].name)
    for recipient_id, person in people:
        for each in ready:
            try:
                each.unsigned(person, _NOBODY, Thread("-"))
            except LetterError as error:
                names = error.names if isinstance(error, VariablesMissing) else ()
                yield Missing(recipient_id, each.step.name, names, str(error))


def _values(person: Person, sender: Sender, unsubscribing: Unsubscribing) -> dict[str, str]:
    """The values that templates may name, without the empty ones."""
    found = {variable_name(column): value for column, value in person.variables.items()}
    found |= {
        "email": person.address,
        "name": person.name,
        "sender_name": sender.name or sender.address,
        "sender_address": sender.address,
        "unsubscribe_link": unsubscribing.https or unsubscribing.mailto,
    }
    return {name: value for name, value in found.items() if value and not value.isspace()}


def _gap(each: Filled, values: Mapping[str, str]) -> str | None:
    try:
        each.fill(values)
    except Gap as gap:
        return gap.name
    return None


def _signed_text(text: str, signature: str) -> str:
    text = text.rstrip("\n")
    return f"{text}\n\n{signature.strip()}\n" if signature.strip() else f"{text}\n"


def _signed_html(html: str, signature: str) -> str:
    """The HTML with the signature, which is text; it goes before the body's end, if any."""
    if not signature.strip():
        return html
    told = "<br>\n".join(escape(signature.strip()).splitlines())
    ends = [each.start() for each in _BODY_ENDS.finditer(html)]
    at = ends[-1] if ends else len(html)
    return f"{html[:at]}\n<div><br>\n{told}</div>\n{html[at:]}"
