"""What the commands share that consume a topic until they are stopped."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_AGAIN, EXIT_FAILED
from adapters.screen.output import fail, say

if TYPE_CHECKING:
    from adapters.settings.model import EngineSettings


class Poison(StrEnum):
    BLOCK = "block"
    PASS = "pass"  # noqa: S105 not a password


Group = Annotated[str, typer.Option(help="The consumer group: its members share the work.")]
Topics = Annotated[
    list[str] | None,
    typer.Option(help="May be repeated; ^… is a pattern. Default: the setting `kafka_topic`."),
]
Instance = Annotated[
    str | None, typer.Option(help="A name that this process keeps when it is started again.")
]


class Stoppable(Protocol):
    def run(self) -> None: ...

    def stop(self, *_: Any) -> None: ...


@contextmanager
def consuming(kafka: str | None) -> Iterator["EngineSettings"]:
    """The settings; says why a consumer ended, and ends the program."""
    from adapters.composition.programs import log_as_set
    from adapters.composition.streaming import ConsumerEnded
    from adapters.settings.loading import load_settings

    with explained():
        settings = load_settings(kafka=kafka)
        log_as_set(settings)
        try:
            yield settings
        except ConsumerEnded as error:
            fail(str(error), EXIT_AGAIN if error.again else EXIT_FAILED)


def run(consumer: Stoppable, told: str) -> None:
    """Until SIGTERM or Ctrl-C."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, consumer.stop)
    say(told)
    consumer.run()
    say("Stopped.")
