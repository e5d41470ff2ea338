"""``sendledger serve``, ``work`` and ``relay``."""

from typing import Annotated

import typer

from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Kafka, KafkaTopic, Store, Workspace
from adapters.screen.output import fail


def serve(
    http: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve API and console there. Default: setting."),
    ] = None,
    store: Store = None,
    workspace: Workspace = None,
) -> None:
    """Run the clocks, the views and the other duties of a store, until SIGTERM or Ctrl-C."""
    _work(store, workspace, None, http)


def work(
    only: Annotated[
        str | None,
        typer.Option(
            help="Roles, with commas: clocks, projections, notices, checks, mail, relay, "
            "webhooks, proof. Default: all."
        ),
    ] = None,
    store: Store = None,
    workspace: Workspace = None,
) -> None:
    """Run a worker, one of any number on a PostgreSQL store, until SIGTERM or Ctrl-C."""
    _work(store, workspace, only)


def relay(
    kafka: Kafka = None,
    topic: KafkaTopic = None,
    anew: Annotated[
        bool,
        typer.Option(
            "--begin-anew",
            help="Forget the topic that the store was relayed to, and relay everything again.",
        ),
    ] = False,
    with_stdin: Annotated[bool, typer.Option("--until-stdin-ends", hidden=True)] = False,
    store: Store = None,
) -> None:
    """Relay the log to Kafka, each event once, until SIGTERM or Ctrl-C. Ends at any error: start
    it again. `serve` and `work` do the same if the setting `kafka` is set."""
    from adapters.settings.loading import load_settings
    from adapters.worker.relay_process import relay as relay_until_stopped

    with explained():
        settings = load_settings(store=store, kafka=kafka, kafka_topic=topic)
        relay_until_stopped(settings, anew=anew, with_stdin=with_stdin)


def _work(
    store: str | None, workspace: str | None, only: str | None, http: str | None = None
) -> None:
    from adapters.settings.loading import load_settings
    from adapters.worker.process import work as work_until_stopped
    from adapters.worker.roles import UnknownRole, read_roles

    try:
        roles = read_roles(only)
    except UnknownRole as error:
        fail(str(error), EXIT_UNREADABLE, code="unknown_role")
    with explained():
        settings = load_settings(store=store, workspace=workspace, http=http)
        work_until_stopped(settings, roles)
