"""What is missing before a sequence can be sent, and whom a change of it affects (M3, F1)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.campaign.state import Progress, next_step
from engine.work.addresses import normalised, recipient_problem
from engine.work.letters import Missing
from engine.work.ports import Directory, Person
from events.sequence import MailSequence, Step
from events.vocabulary import AccountId, RecipientId

PAGE = 1_000
People = Iterable[tuple[RecipientId, Person]]
FindMissing = Callable[[Sequence[Step], People], Iterator[Missing]]
_BETWEEN = re.compile(r"""[\s<>()[\]{},;:"\\?&/=|]+""")


class Lack(NamedTuple):
    """What is missing for recipients who are still to be written to."""

    recipients: int
    """The number of recipients who are still to be written to."""
    nameless: int
    """The number of them who were forgotten: nothing is sent to them."""
    missing: Sequence[Missing]


class Change(NamedTuple):
    """The number of contacted recipients whose next step changes; a step is None if nothing
    follows."""

    next: str | None
    becomes: str | None
    recipients: int


def lack_of(
    directory: Directory,
    workspace: str,
    campaign: Campaign,
    sequence: MailSequence,
    find: FindMissing,
) -> Lack:
    """What is missing, in the order of recipient ids. Raises ``LetterError`` if a step cannot be
    sent to anybody."""
    to_come = {
        recipient_id: names
        for recipient_id, each in sorted(campaign.recipients.items())
        if not each.status.terminal and (names := _to_come(sequence, each.progress))
    }
    named: Counter[str] = Counter()

    def people() -> Iterator[tuple[RecipientId, Person]]:
        rest = iter(to_come)
        while page := list(islice(rest, PAGE)):
            found = directory.people(workspace, page)
            named["people"] += len(found)
            yield from ((each, found[each]) for each in page if each in found)

    missing = [
        each for each in find(sequence.steps, people()) if each.step in to_come[each.recipient_id]
    ]
    return Lack(len(to_come), len(to_come) - named["people"], missing)


def changes(campaign: Campaign, sequence: MailSequence) -> list[Change]:
    """How setting ``sequence`` now would change the next step of contacted recipients."""
    found: Counter[tuple[str | None, str | None]] = Counter()
    for each in campaign.recipients.values():
        if each.emails and not each.status.terminal:
            found[_next(campaign.sequence, each.progress), _next(sequence, each.progress)] += 1
    return [Change(*names, count) for names, count in found.items() if names[0] != names[1]]


def naming_somebody(
    directory: Directory, workspace: str, steps: Sequence[Step], own: Iterable[AccountId]
) -> str | None:
    """F1: the first step whose text contains a recipient's address, which no event may hold; None
    if there is none. ``own``: the accounts' addresses, which are allowed."""
    known = {*own}
    for step in steps:
        texts = f"{step.name}\n{step.subject}\n{step.text}\n{step.html}"
        words = {normalised(each.strip(".'!*")) for each in _BETWEEN.split(texts) if "@" in each}
        found = (each for each in words - known if recipient_problem(each) is None)
        if any(directory.recipient_at(workspace, each) for each in found):
            return step.name
    return None


def _next(sequence: MailSequence | None, progress: Progress) -> str | None:
    step = next_step(sequence, progress) if sequence else None
    return step.name if step else None


def _to_come(sequence: MailSequence, progress: Progress) -> frozenset[str]:
    step = next_step(sequence, progress)
    if step is None:
        return frozenset()
    place = sequence.steps.index(step)
    return frozenset(each.name for each in sequence.steps[place:])
