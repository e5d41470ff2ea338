"""Options and arguments that commands have in common."""

from typing import Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Store = Annotated[
    str | None,
    typer.Option(metavar="STORE", help="A path, or postgresql://… Default: the setting `store`."),
]
Workspace = Annotated[
    str | None, typer.Option(help="The workspace. Default: the setting `workspace`.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]
Kafka = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="A broker, or several with commas. Default: `kafka`."),
]
KafkaTopic = Annotated[
    str | None, typer.Option("--topic", help="The topic. Default: the setting `kafka_topic`.")
]
Account = Annotated[str, typer.Argument(help="The account's address.")]
Campaign = Annotated[str, typer.Argument(help="The campaign's name.")]
Recipient = Annotated[str, typer.Argument(help="The recipient's id or address.")]


def group_options(context: typer.Context) -> bool:
    """Whether the group itself was called, so that its options belong to no command of it."""
    if context.invoked_subcommand is None:
        return True
    given = [name for name, value in context.params.items() if value not in (None, False)]
    if given:
        names = ", ".join(f"--{'json' if name == 'as_json' else name}" for name in given)
        fail(f"Write {names} after `{context.invoked_subcommand}`.", EXIT_UNREADABLE)
    return False
