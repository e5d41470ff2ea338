"""``sendledger consume``: the events of a topic as rows of another database, each event once."""

import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import moment
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_AGAIN, EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.options import Kafka
from adapters.screen.output import fail, say

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.composition.streaming import RowsOf
    from adapters.settings.model import EngineSettings


class Poison(StrEnum):
    BLOCK = "block"
    PASS = "pass"  # noqa: S105 not a password


def consume(
    into: Annotated[
        str, typer.Option(metavar="URL", help="postgresql://…, or the path of an SQLite file.")
    ],
    group: Annotated[str, typer.Option(help="The consumer group: its members share the work.")],
    kafka: Kafka = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated; ^… is a pattern. Default: the setting `kafka_topic`."),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--workspace", help="Consume only this workspace.")
    ] = None,
    poison: Annotated[
        Poison, typer.Option(help="What to do with a record that cannot be processed.")
    ] = Poison.BLOCK,
    instance: Annotated[
        str | None, typer.Option(help="A name that this process keeps when it is started again.")
    ] = None,
    start_over: Annotated[
        bool, typer.Option("--start-over", help="Start over from the beginning; then end.")
    ] = False,
    from_position: Annotated[
        int | None, typer.Option(min=1, help="Start over from this position; then end.")
    ] = None,
    from_time: Annotated[
        str | None, typer.Option(help="Start over from what was recorded at this time; then end.")
    ] = None,
    redrive: Annotated[
        bool, typer.Option("--redrive", help="Process again what was skipped; then end.")
    ] = False,
) -> None:
    """Keep a row for every event of a topic in another database, until SIGTERM or Ctrl-C."""
    from adapters.composition.programs import log_as_set
    from adapters.composition.streaming import ConsumerEnded, RowsOf
    from adapters.settings.loading import load_settings

    chosen = [start_over, from_position is not None, from_time is not None, redrive]
    if sum(chosen) > 1:
        wrong = "Choose one of --start-over, --from-position, --from-time and --redrive."
        fail(wrong, EXIT_UNREADABLE)
    at = moment(from_time) if from_time else None
    with explained():
        settings = load_settings(kafka=kafka)
        log_as_set(settings)
        rows = RowsOf(into, group, topic or [settings.kafka_topic])
        try:
            if redrive:
                _redrive(rows)
            elif any(chosen):
                _start_over(settings, rows, from_position, at)
            else:
                _consume(settings, rows, poison, only, instance)
        except ConsumerEnded as error:
            fail(str(error), EXIT_AGAIN if error.again else EXIT_FAILED)


def _consume(
    settings: "EngineSettings",
    rows: "RowsOf",
    poison: Poison,
    only: str | None,
    instance: str | None,
) -> None:
    from adapters.composition.streaming import rows_consumer

    with rows_consumer(
        settings, rows, poison=poison, workspace=only, instance=instance
    ) as consumer:
        signal.signal(signal.SIGTERM, consumer.stop)
        signal.signal(signal.SIGINT, consumer.stop)
        say(f"Consuming {', '.join(rows.topics)} as {rows.group}.")
        consumer.run()
    say("Stopped.")


def _start_over(
    settings: "EngineSettings", rows: "RowsOf", position: int | None, at: "datetime | None"
) -> None:
    from adapters.composition.streaming import start_over

    partitions = start_over(settings, rows, position, at)
    say(f"{rows.group} starts over in {partitions} partitions; its rows from there on are dropped.")


def _redrive(rows: "RowsOf") -> None:
    from adapters.composition.streaming import redrive

    done, failed = redrive(rows)
    say(f"Taken after all: {done}. Still not to be taken: {failed}.")
