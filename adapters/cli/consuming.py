"""``sendledger consume``: the events of a topic as rows of another database, each event once."""

from typing import Annotated

import typer

from adapters.cli.common import moment
from adapters.cli.consumers import Group, Instance, Poison, Topics, consuming, run
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Kafka
from adapters.screen.output import fail, say


def consume(
    into: Annotated[
        str, typer.Option(metavar="URL", help="postgresql://…, or the path of an SQLite file.")
    ],
    group: Group,
    kafka: Kafka = None,
    topic: Topics = None,
    only: Annotated[
        str | None, typer.Option("--workspace", help="Consume only this workspace.")
    ] = None,
    poison: Annotated[
        Poison, typer.Option(help="What to do with a record that cannot be processed.")
    ] = Poison.BLOCK,
    instance: Instance = None,
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
    from adapters.composition import streaming

    chosen = [start_over, from_position is not None, from_time is not None, redrive]
    if sum(chosen) > 1:
        wrong = "Choose one of --start-over, --from-position, --from-time and --redrive."
        fail(wrong, EXIT_UNREADABLE)
    at = moment(from_time) if from_time else None
    with consuming(kafka) as settings:
        rows = streaming.RowsOf(into, group, topic or [settings.kafka_topic])
        if redrive:
            done, failed = streaming.redrive(rows)
            say(f"Taken after all: {done}. Still not to be taken: {failed}.")
        elif any(chosen):
            partitions = streaming.start_over(settings, rows, from_position, at)
            told = f"{group} starts over in {partitions} partitions"
            say(f"{told}; its rows from there on are dropped.")
        else:
            manner = streaming.Manner(poison, instance, only)
            with streaming.rows_consumer(settings, rows, manner) as consumer:
                run(consumer, f"Consuming {', '.join(rows.topics)} as {group}.")
