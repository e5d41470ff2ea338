"""The auditor's door: rebuild, look at the past, explain, check. ``sendledger-replay``.

Reads any store, and writes to none unless it rebuilds. Each command lives in a module of its own
in ``adapters.cli.auditing``.
"""

from adapters.screen.program import Place, program

COMMANDS = (
    *("rebuild", "state", "explain", "diff", "check", "what-if", "reclassify", "export"),
    *("prove", "verify"),
)

app = program(
    "sendledger-replay",
    "Replay a store's history: rebuild its views, see the past, explain it, check it.",
    {each: Place(f"adapters.cli.auditing.{each.replace('-', '_')}:command") for each in COMMANDS},
)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
