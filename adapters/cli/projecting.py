"""``sendledger project``: the shipped views of a store in another database, from its topics."""

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.consuming import Poison
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_AGAIN, EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.options import Kafka
from adapters.screen.output import fail, say

if TYPE_CHECKING:
    from adapters.composition.streaming import RowsOf
    from adapters.settings.model import EngineSettings


def project(
    into: Annotated[str, typer.Option(metavar="URL", help="postgresql://…, another database.")],
    group: Annotated[str, typer.Option(help="The consumer group: its members share the work.")],
    kafka: Kafka = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated; ^… is a pattern. Default: the setting `kafka_topic`."),
    ] = None,
    poison: Annotated[
        Poison, typer.Option(help="What to do with a record that cannot be processed.")
    ] = Poison.BLOCK,
    instance: Annotated[
        str | None, typer.Option(help="A name that this process keeps when it is started again.")
    ] = None,
    start_over: Annotated[
        bool,
        typer.Option(
            "--start-over", help="Drop the views, build them from the beginning; then end."
        ),
    ] = False,
) -> None:
    """Keep the shipped views of topics' stores in another database, until SIGTERM or Ctrl-C."""
    from adapters.composition.programs import log_as_set
    from adapters.composition.streaming import ConsumerEnded, RowsOf, fold_anew
    from adapters.settings.loading import load_settings

    if not into.startswith(("postgresql://", "postgres://")):
        fail("Views are projected into PostgreSQL: --into postgresql://…", EXIT_UNREADABLE)
    with explained():
        settings = load_settings(kafka=kafka)
        log_as_set(settings)
        views = RowsOf(into, group, topic or [settings.kafka_topic])
        try:
            if start_over:
                partitions = fold_anew(settings, views)
                say(f"{group} starts over in {partitions} partitions; its views are dropped.")
            else:
                _project(settings, views, poison, instance)
        except ConsumerEnded as error:
            fail(str(error), EXIT_AGAIN if error.again else EXIT_FAILED)


def _project(
    settings: "EngineSettings", views: "RowsOf", poison: Poison, instance: str | None
) -> None:
    from adapters.composition.streaming import views_consumer

    with views_consumer(settings, views, poison=poison, instance=instance) as consumer:
        signal.signal(signal.SIGTERM, consumer.stop)
        signal.signal(signal.SIGINT, consumer.stop)
        say(f"Projecting {', '.join(views.topics)} as {views.group}.")
        consumer.run()
    say("Stopped.")
