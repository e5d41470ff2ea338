"""``sendledger``: the commands of all doors, by what a person wants to do."""

from adapters.cli.app import GROUPS, commands
from adapters.cli.archiving import archive
from adapters.cli.consuming import consume
from adapters.cli.looks import looks
from adapters.cli.projecting import project
from adapters.demo.command import demo
from adapters.mail.sandbox.command import sandbox
from adapters.mcp.command import mcp
from adapters.scenario.command import simulate
from adapters.screen.program import later, program
from adapters.worker.command import relay, serve, work

app = program("sendledger", "What became of every recipient of an email campaign, and why.")
for command in (
    simulate,
    demo,
    sandbox,
    serve,
    work,
    relay,
    consume,
    project,
    archive,
    looks,
    mcp,
    *commands,
):
    app.command()(command)
for name, (module, description) in GROUPS.items():
    app.add_typer(later(module, description), name=name)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
