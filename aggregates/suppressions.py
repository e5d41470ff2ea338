"""Those whom the workspace never writes to again, by person and by domain (M7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from immutables import Map

from aggregates.command import Command, WithPolicy
from aggregates.rejections import NoReason
from events.suppression import (
    DomainReleased,
    DomainSuppressed,
    PersonReleased,
    PersonSuppressed,
    SuppressionEvent,
)
from events.vocabulary import RecipientId, SuppressedBecause

ONE = "all"
"""A workspace has one list."""


@dataclass(frozen=True, slots=True)
class Suppressions:
    people: Map[RecipientId, SuppressedBecause] = Map()
    domains: frozenset[str] = frozenset()

    def covers(self, domain: str) -> bool:
        """Whether the domain, or one above it, is suppressed."""
        return any(each in self.domains for each in _and_above(domain))


class SuppressionCommandBase(Command):
    aggregate: ClassVar[str] = "suppressions"

    @property
    def aggregate_id(self) -> str:
        return ONE


class SuppressPerson(WithPolicy, SuppressionCommandBase):
    taken_when_fenced: ClassVar[bool] = True
    recipient_id: RecipientId
    because: SuppressedBecause


class ReleasePerson(SuppressionCommandBase):
    recipient_id: RecipientId
    reason: str


class SuppressDomain(SuppressionCommandBase):
    taken_when_fenced: ClassVar[bool] = True
    domain: str


class ReleaseDomain(SuppressionCommandBase):
    domain: str
    reason: str


SuppressionCommand = SuppressPerson | ReleasePerson | SuppressDomain | ReleaseDomain


def initial(_: str) -> Suppressions:
    return Suppressions()


def decide(listed: Suppressions, command: SuppressionCommand) -> Sequence[SuppressionEvent]:
    match command:
        case SuppressPerson(recipient_id=person, because=because, at=at):
            if person in listed.people or because not in command.policy.suppressed_because:
                return []
            return [PersonSuppressed(recipient_id=person, because=because, occurred_at=at)]
        case ReleasePerson(recipient_id=person, reason=reason, at=at):
            if person not in listed.people:
                return []
            _require_reason(reason)
            return [PersonReleased(recipient_id=person, reason=reason, occurred_at=at)]
        case SuppressDomain(domain=domain, at=at):
            if _spelled(domain) in listed.domains:
                return []
            return [DomainSuppressed(domain=_spelled(domain), occurred_at=at)]
        case ReleaseDomain(domain=domain, reason=reason, at=at):
            if _spelled(domain) not in listed.domains:
                return []
            _require_reason(reason)
            return [DomainReleased(domain=_spelled(domain), reason=reason, occurred_at=at)]
        case _:
            assert_never(command)


def fold(listed: Suppressions, events: Iterable[SuppressionEvent]) -> Suppressions:
    people, domains = listed.people.mutate(), set(listed.domains)
    for event in events:
        match event:
            case PersonSuppressed(recipient_id=person, because=because):
                people[person] = because
            case PersonReleased(recipient_id=person):
                people.pop(person, None)
            case DomainSuppressed(domain=domain):
                domains.add(domain)
            case DomainReleased(domain=domain):
                domains.discard(domain)
            case _:
                assert_never(event)
    return Suppressions(people.finish(), frozenset(domains))


def evolve(listed: Suppressions, event: SuppressionEvent) -> Suppressions:
    return fold(listed, (event,))


def _require_reason(reason: str) -> None:
    """M7, F1: there must be a reason, and it must not contain an address."""
    if not reason.strip() or "@" in reason:
        raise NoReason()


def _spelled(domain: str) -> str:
    return domain.strip().strip(".").lower()


def _and_above(domain: str) -> Iterable[str]:
    labels = _spelled(domain).split(".")
    return (".".join(labels[first:]) for first in range(len(labels)))
