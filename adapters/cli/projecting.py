"""``sendledger project``: the shipped views of a store in another database, from its topics."""

from typing import Annotated

import typer

from adapters.cli.consumers import Group, Instance, Poison, Topics, consuming, run
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Kafka
from adapters.screen.output import fail, say


def project(
    into: Annotated[str, typer.Option(metavar="URL", help="postgresql://…, another database.")],
    group: Group,
    kafka: Kafka = None,
    topic: Topics = None,
    poison: Annotated[
        Poison, typer.Option(help="What to do with a record that cannot be processed.")
    ] = Poison.BLOCK,
    instance: Instance = None,
    start_over: Annotated[
        bool,
        typer.Option(
            "--start-over", help="Drop the views, build them from the beginning; then end."
        ),
    ] = False,
) -> None:
    """Keep the shipped views of topics' stores in another database, until SIGTERM or Ctrl-C."""
    from adapters.composition import streaming

    if not into.startswith(("postgresql://", "postgres://")):
        fail("Views are projected into PostgreSQL: --into postgresql://…", EXIT_UNREADABLE)
    with consuming(kafka) as settings:
        views = streaming.RowsOf(into, group, topic or [settings.kafka_topic])
        if start_over:
            partitions = streaming.fold_anew(settings, views)
            say(f"{group} starts over in {partitions} partitions; its views are dropped.")
            return
        manner = streaming.Manner(poison, instance)
        with streaming.views_consumer(settings, views, manner) as consumer:
            run(consumer, f"Projecting {', '.join(views.topics)} as {group}.")
