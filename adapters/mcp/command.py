"""``sendledger mcp``: the tools over stdio, for a person who has the store."""

from importlib.util import find_spec
from typing import Annotated

import typer

from adapters.cli.common import person, require_name, require_workspace, settings_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail
from adapters.screen.where import Where
from engine.work.permissions import Role


def mcp(
    role: Annotated[Role, typer.Option(help="What it may see.")],
    name: Annotated[
        str | None, typer.Option(help="Who calls; else the user of the system.")
    ] = None,
    *,
    at: Where,
) -> None:
    """Answer a language model's questions over stdin and stdout. It can change nothing."""
    if find_spec("mcp") is None:
        fail("Install the library first: pip install 'sendledger[mcp]'.", EXIT_UNREADABLE)
    import anyio

    from adapters.composition.programs import asking, logs_beside_answers, running
    from adapters.mcp.server import over_stdio
    from adapters.mcp.standing_alone import alone
    from engine.work.permissions import Caller

    if name is not None:
        require_name("caller", name)
    caller = Caller(f"mcp:{name or person()}", role, at.workspace)
    with explained():
        settings = settings_of(at)
        logs_beside_answers()
        with running(settings) as program, asking(settings) as reader:
            require_workspace(reader.store, settings.workspace)
            with alone(program, reader, caller) as calling:
                anyio.run(over_stdio, calling, caller)
