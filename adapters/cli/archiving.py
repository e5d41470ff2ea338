"""``sendledger archive``: the events of a topic as Parquet files by day, each event once."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.consuming import Poison
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_AGAIN, EXIT_FAILED
from adapters.screen.options import Kafka
from adapters.screen.output import fail, say

if TYPE_CHECKING:
    from adapters.composition.streaming import FilesOf
    from adapters.settings.model import EngineSettings


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
    instance: Annotated[
        str | None, typer.Option(help="A name that this process keeps when it is started again.")
    ] = None,
) -> None:
    """Write every event of a topic to Parquet files by day, until SIGTERM or Ctrl-C."""
    from adapters.composition.programs import log_as_set
    from adapters.composition.streaming import ConsumerEnded, FilesOf
    from adapters.settings.loading import load_settings

    with explained():
        settings = load_settings(kafka=kafka)
        log_as_set(settings)
        files = FilesOf(into, group, topic or [settings.kafka_topic], every)
        try:
            _archive(settings, files, poison, instance)
        except ConsumerEnded as error:
            fail(str(error), EXIT_AGAIN if error.again else EXIT_FAILED)


def _archive(
    settings: "EngineSettings", files: "FilesOf", poison: Poison, instance: str | None
) -> None:
    from adapters.composition.streaming import archiver

    with archiver(settings, files, poison=poison, instance=instance) as consumer:
        signal.signal(signal.SIGTERM, consumer.stop)
        signal.signal(signal.SIGINT, consumer.stop)
        say(f"Archiving {', '.join(files.topics)} into {files.into} as {consumer.inbox.group}.")
        consumer.run()
    say("Stopped.")
