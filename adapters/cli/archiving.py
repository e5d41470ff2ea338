"""``sendledger archive``: the events of a topic as Parquet files by day, each event once."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.consumers import Instance, Poison, consuming, run
from adapters.screen.options import Kafka


def archive(
    into: Annotated[Path, typer.Option(metavar="DIRECTORY", help="Made where there is none.")],
    group: Annotated[
        str | None,
        typer.Option(help="The consumer group. Default: one of the directory's own."),
    ] = None,
    kafka: Kafka = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="May be repeated. Default: the setting `kafka_topic`.")
    ] = None,
    every: Annotated[
        float,
        typer.Option(min=1, max=86_400, help="Seconds; files come at each multiple of the clock."),
    ] = 3_600,
    poison: Annotated[
        Poison, typer.Option(help="What to do with a record that is not an event.")
    ] = Poison.BLOCK,
    instance: Instance = None,
) -> None:
    """Write every event of a topic to Parquet files by day, until SIGTERM or Ctrl-C."""
    from adapters.composition import streaming

    with consuming(kafka) as settings:
        files = streaming.FilesOf(into, group, topic or [settings.kafka_topic], every)
        manner = streaming.Manner(poison, instance)
        with streaming.archiver(settings, files, manner) as consumer:
            told = f"Archiving {', '.join(files.topics)} into {into} as {consumer.inbox.group}."
            run(consumer, told)
