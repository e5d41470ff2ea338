"""M7: a suppressed person ends in every campaign, and only an operator, with a reason, releases
one."""

from engine.audit.books import Books
from events.suppression import DomainReleased, DomainSuppressed, PersonReleased, PersonSuppressed


def suppressed(books: Books, event: PersonSuppressed) -> None:
    if event.recipient_id in books.suppressed:
        books.report("M7", f"{event.recipient_id} was suppressed already.")
    books.suppressed.add(event.recipient_id)
    books.to_end.add(event.recipient_id)


def released(books: Books, event: PersonReleased) -> None:
    if event.recipient_id not in books.suppressed or not event.reason.strip():
        books.report("M7", f"{event.recipient_id} was not suppressed, or no reason was given.")
    books.suppressed.discard(event.recipient_id)


def domain_suppressed(books: Books, event: DomainSuppressed) -> None:
    if event.domain in books.domains:
        books.report("M7", f"{event.domain} was suppressed already.")
    books.domains.add(event.domain)


def domain_released(books: Books, event: DomainReleased) -> None:
    if event.domain not in books.domains or not event.reason.strip():
        books.report("M7", f"{event.domain} was not suppressed, or no reason was given.")
    books.domains.discard(event.domain)


def all_ended(books: Books) -> None:
    """Called once a command and everything that follows from it are recorded."""
    for name in books.to_end:
        for campaign in books.campaigns.values():
            person = campaign.people.get(name)
            if person is not None and not person.ended:
                books.report("M7", f"{name} was suppressed, and goes on in {campaign.id}.")
    books.to_end.clear()
