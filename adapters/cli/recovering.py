"""``sendledger store recover``: bring a restored store back up to date from a copy of its log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import settings_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import KafkaTopic, Yes
from adapters.screen.output import agreed, fail, print_json, say
from adapters.screen.where import Where, WholeStore

if TYPE_CHECKING:
    from adapters.composition.programs import Opened
    from engine.stream.source import StreamSource
    from engine.work.recover import Person, Recovered

FromKafka = Annotated[
    str | None,
    typer.Option(
        "--from-kafka", metavar="HOST:PORT", help="The broker of Kafka that its relay uses."
    ),
]
FromStore = Annotated[
    str | None,
    typer.Option("--from-store", help="Another copy of the store, which is only read."),
]


def recover(
    from_kafka: FromKafka = None,
    topic: KafkaTopic = None,
    from_store: FromStore = None,
    yes: Yes = False,
    *,
    at: WholeStore,
) -> None:
    """Complete a restored store: append the events that it lacks and a copy of its log has."""
    from events.errors import ExplainedError

    if (from_kafka is None) == (from_store is None):
        fail("Name one of --from-kafka HOST:PORT and --from-store COPY.", EXIT_UNREADABLE)
    with explained(ExplainedError), copy_of_the_log(at, from_kafka, topic, from_store) as source:
        assert source is not None
        recover_from(source, at, yes=yes)


@contextmanager
def copy_of_the_log(
    at: Where, kafka: str | None, topic: str | None, other: str | None
) -> "Iterator[StreamSource | None]":
    """The log in the topic or in the other store; None if neither is given."""
    from adapters.composition.programs import asking
    from adapters.composition.streaming import topics_as_source
    from adapters.settings.loading import load_settings
    from engine.stream.source import StoreAsSource

    if other is not None:
        with asking(settings_of(WholeStore(other))) as copy:
            yield StoreAsSource(copy.store)
    elif kafka is not None:
        yield topics_as_source(load_settings(store=at.store, kafka=kafka, kafka_topic=topic))
    else:
        yield None


def recover_from(source: "StreamSource", at: Where, *, yes: bool) -> None:
    """Recover from a copy of any kind. Raises ``ExplainedError``."""
    from adapters.composition.programs import running

    with running(settings_of(at)) as program:
        opened = program.opened
        agreed(
            f"Append to {opened.name} what {source.name} has beyond it? Nobody else may work on "
            "the store meanwhile, and nobody can undo this.",
            yes=yes,
        )
        found = recovered(opened, source)
        fenced = opened.fence.closed()
    if at.as_json:
        print_json({**to_json(found), "fenced": fenced})
    else:
        tell(found)
        if fenced is not None:
            say("The store is fenced until it is reconciled: `sendledger store reconcile`.")


def recovered(opened: "Opened", source: "StreamSource") -> "Recovered":
    """What was recovered. A store found to lack something is fenced until it is reconciled (M6)."""
    from engine.work.forgetting import Forgetters
    from engine.work.recover import Restored, recover

    opened.fence.closed()
    parts = opened.store, opened.views, opened.coordination
    keep = Forgetters(opened.directory, opened.evidence)
    return recover(Restored(*parts, keep, opened.fence.begin_generation), source)


def to_json(found: "Recovered") -> dict[str, Any]:
    from engine.work.recover import NOT_RECOVERED

    log = found.log
    return {
        **log.identity._asdict(),
        "last_entry": log.last_entry,
        "compared": log.compared,
        "appended": log.appended,
        "ahead": log.ahead,
        "cut_off": log.cut_off,
        "unknown_after": None if log.ahead else log.last_entry,
        "forgotten_again": _people(found.forgotten_again),
        "nameless": _people(found.nameless),
        "not_recovered": list(NOT_RECOVERED),
    }


def _people(found: "Sequence[Person]") -> list[dict[str, str]]:
    return [{"workspace": workspace, "recipient_id": each} for workspace, each in found]


def tell(found: "Recovered") -> None:
    from engine.work.recover import NOT_RECOVERED

    log = found.log
    say(f"Compared {log.compared} entries, appended {log.appended}; the last is {log.last_entry}.")
    if log.ahead:
        say(f"The store has {log.ahead} entries that the stream does not tell yet.")
    else:
        say(
            f"What was recorded after entry {log.last_entry} is unknown; what is recorded from now "
            f"on is told under generation {log.identity.generation}."
        )
    if log.cut_off:
        say(f"Left out {log.cut_off} entries at the stream's end: their command is not whole.")
    for workspace, each in found.forgotten_again:
        say(f"Forgotten again: {each} of {workspace}.")
    for workspace, each in found.nameless:
        say(f"Cannot be written to, nobody knows the address: {each} of {workspace}.")
    for sentence in NOT_RECOVERED:
        say(sentence)
