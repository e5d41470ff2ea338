"""The auditor's door: rebuild, look at the past, explain, check. ``sendledger-replay``.

Reads any store, and writes to none unless it rebuilds. Each command lives in a module of its own
in ``adapters.cli.auditing``.
"""

from adapters.cli.auditing import (
    check,
    diff,
    explain,
    export,
    prove,
    rebuild,
    reclassify,
    state,
    verify,
    what_if,
)
from adapters.screen.program import program

app = program(
    "sendledger-replay",
    "Replay a store's history: rebuild its views, see the past, explain it, check it.",
)
app.command("rebuild")(rebuild.command)
app.command("state")(state.command)
app.command("explain")(explain.command)
app.command("diff")(diff.command)
app.command("check")(check.command)
app.command("what-if")(what_if.command)
app.command("reclassify")(reclassify.command)
app.command("export")(export.command)
app.command("prove")(prove.command)
app.command("verify")(verify.command)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
