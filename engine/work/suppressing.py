"""Suppress persons and domains that a user names: they are never written to again (M7).

Events name a person by an opaque id (F1): a person who is not known yet is enrolled in the
directory, so that an import of the address finds the id. A domain has no ids: people of it who are
still to be written to are suppressed individually as well, and imports check the domain.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from aggregates.suppressions import SuppressDomain, SuppressionCommand, Suppressions, SuppressPerson
from engine.engine import Engine
from engine.reply import Request
from engine.work.addresses import ascii_form, domain_named, normalised, recipient_problem
from engine.work.committing import Committing
from engine.work.ports import Directory, Line, NewId, Person, RejectedLine
from events.suppression import DomainSuppressed, PersonSuppressed
from events.vocabulary import RecipientId, SuppressedBecause

PAGE = 500


class Suppression(NamedTuple):
    """What was done, or would be done."""

    lines: int = 0
    people: int = 0
    domains: Sequence[str] = ()
    known: int = 0
    """The number already suppressed before."""
    rejected: Sequence[RejectedLine] = ()


class Suppressing(NamedTuple):
    """Suppresses in one workspace, on behalf of ``actor``."""

    engine: Engine
    directory: Directory
    workspace: str
    actor: str
    new_id: NewId
    because: SuppressedBecause = SuppressedBecause.OPERATOR

    def run(self, lines: Iterable[Line], *, dry: bool = False) -> Suppression:
        """Suppress the people and domains on a list; the address column may hold a domain. ``dry``:
        only count."""
        done = Suppression()
        rest = iter(lines)
        while page := list(islice(rest, PAGE)):
            people = [found for _, found in page if isinstance(found, Person)]
            rejected = [found for _, found in page if isinstance(found, RejectedLine)]
            domains = {each: domain for each in rejected if (domain := _domain_of(each))}
            new = self._new(people) if dry else self.people(self._enrolled(people))
            named = [each for each in dict.fromkeys(domains.values()) if self._is_new(each)]
            if not dry:
                self.domains(named)
            done = Suppression(
                done.lines + len(page),
                done.people + new,
                tuple(dict.fromkeys((*done.domains, *named))),
                done.known + len(people) + len(domains) - new - len(named),
                (*done.rejected, *(each for each in rejected if each not in domains)),
            )
        return done

    def people(self, ids: Iterable[RecipientId]) -> int:
        """Suppress these people; return the number not suppressed before."""
        commands = [SuppressPerson(recipient_id=each, because=self.because) for each in ids]
        return self._ask(commands, PersonSuppressed)

    def domains(self, domains: Iterable[str]) -> int:
        """Suppress these domains; return the number of new ones. People in them who are still to be
        written to are suppressed individually."""
        new = self._ask([SuppressDomain(domain=each) for each in domains], DomainSuppressed)
        for page in self._covered() if new else ():
            self.people(page)
        return new

    def _ask(self, commands: Sequence[SuppressionCommand], kind: type) -> int:
        if not commands:
            return 0
        requests = [Request(each, self.new_id(), self.actor) for each in commands]
        replies = self.engine.execute_page(self.workspace, requests)
        return sum(isinstance(each.event, kind) for reply in replies for each in reply.recorded)

    def _enrolled(self, people: Sequence[Person]) -> Sequence[RecipientId]:
        if not people:
            return ()
        commits = Committing(self.engine, self.workspace, self.actor)
        return list(dict.fromkeys(self.directory.enrol(self.workspace, people, commits=commits)))

    def _covered(self) -> Iterator[Sequence[RecipientId]]:
        with self.engine.look(self.workspace) as now:
            listed = now.suppressions()
            ids = {
                recipient_id: None
                for campaign in now.campaigns()
                for recipient_id, each in campaign.recipients.items()
                if not each.status.terminal and recipient_id not in listed.people
            }
        rest = iter(ids)
        while page := list(islice(rest, PAGE)):
            people = self.directory.people(self.workspace, page)
            yield [each for each, person in people.items() if covers(listed, person.address)]

    def _new(self, people: Sequence[Person]) -> int:
        with self.engine.look(self.workspace) as now:
            listed = now.suppressions().people
        known = (self.directory.recipient_at(self.workspace, each.address) for each in people)
        return sum(each is None or each not in listed for each in known)

    def _is_new(self, domain: str) -> bool:
        with self.engine.look(self.workspace) as now:
            return domain not in now.suppressions().domains


def _domain_of(rejected: RejectedLine) -> str | None:
    """The domain in a line that was rejected because its address column holds no address."""
    about_address = rejected.problem == recipient_problem(rejected.value)
    return domain_named(rejected.value) if about_address else None


def covers(listed: Suppressions, address: str) -> bool:
    """Whether the address's domain, or a domain above it, is suppressed."""
    return bool(listed.domains) and listed.covers(domain_of(address))


def domain_of(address: str) -> str:
    """The domain, in ASCII, of a valid address."""
    return ascii_form(normalised(address)).rpartition("@")[2]
