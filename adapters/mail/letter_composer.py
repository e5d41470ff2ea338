"""Writes what the law permits to leave: a draft becomes a message, with all known of a person."""

from collections.abc import Callable
from functools import lru_cache

from adapters.mail.composing.filling import Writing, writing
from adapters.mail.composing.message import Posting, compose
from aggregates.campaign.pace import message_key
from engine.ports.clock import Clock
from engine.work.addresses import ascii_form
from engine.work.letters import Letter, LetterError, Sender, Thread, Unsubscribing
from engine.work.mailing.dispatch import Draft
from engine.work.ports import Message, Person
from engine.work.unsubscribe import Subscriber
from events.sequence import Step

Ways = Callable[[Subscriber, str], Unsubscribing]
"""The ways to unsubscribe from an account's messages."""
Complain = Callable[[str, str], object]
"""Reports what cannot be written to operators (the subject, a sentence)."""


class LetterComposer:
    """Implements ``Composer`` for one workspace. Safe to share between threads."""

    def __init__(self, workspace: str, ways: Ways, now: Clock, complain: Complain) -> None:
        self._workspace = workspace
        self._ways, self._now, self._complain = ways, now, complain

    def compose(self, draft: Draft) -> Message | None:
        about = f"letters of {draft.plan.campaign_id}, step {draft.plan.step}"
        if draft.person is None:
            self._complain(about, "Somebody has no name and address any more: nothing is sent.")
            return None
        try:
            return self._written(draft, draft.person)
        except LetterError as error:
            self._complain(about, str(error))
            return None

    def _written(self, draft: Draft, person: Person) -> Message:
        plan, settings = draft.plan, draft.settings
        sender = Sender(plan.account_id, settings.sender_name, settings.signature)
        who = Subscriber(self._workspace, plan.campaign_id, plan.recipient_id)
        ways = self._ways(who, plan.account_id)
        thread = self._thread(draft, person, sender)
        letter = _ready(_step(draft, plan.step)).fill(person, sender, thread, ways)
        left = message_key(draft.sequence, plan.recipient_id, plan.step)
        return compose(letter, Posting(sender, person, left, self._now(), ways, thread))

    def _thread(self, draft: Draft, person: Person, sender: Sender) -> Thread:
        """The subject of the first message, and the ids of all messages so far (M5)."""
        if not draft.done:
            return Thread()
        domain = ascii_form(draft.plan.account_id).rpartition("@")[2]
        ids = [
            f"<{message_key(draft.sequence, draft.plan.recipient_id, each)}@{domain}>"
            for each in draft.done
        ]
        first = next((each for each in draft.sequence.steps if each.subject), None)
        if first is None:
            return Thread("", ids)
        begun: Letter = _ready(first).unsigned(person, sender, Thread("-"))
        return Thread(begun.subject, ids)


def _step(draft: Draft, name: str) -> Step:
    return next(each for each in draft.sequence.steps if each.name == name)


@lru_cache(1_000)
def _ready(step: Step) -> Writing:
    return writing(step)
