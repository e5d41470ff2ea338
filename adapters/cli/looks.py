"""``sendledger looks``: the people who looked at a person's case over HTTP."""

from typing import Annotated

import typer

from adapters.cli.common import reading, settings_of
from adapters.screen.output import print_json
from adapters.screen.reading import reader
from adapters.screen.where import Zoned


def looks(
    after: Annotated[int, typer.Option(min=0, help="Only those after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 1_000,
    tools: Annotated[
        bool, typer.Option("--tools", help="Show the tool calls of language models instead.")
    ] = False,
    *,
    at: Zoned,
) -> None:
    """Show who looked at which person's case, and when."""
    from adapters.composition.access import looks_of, tool_calls_of
    from adapters.screen.tables import print_table
    from engine.answers.telling.rows import all_told
    from engine.work.looks import Look
    from engine.work.tool_calls import ToolCall

    with reading(at) as opened:
        chosen = settings_of(at).workspace
        kept = tool_calls_of(opened) if tools else looks_of(opened)
        found, what = kept.recorded(chosen, after, limit), "calls" if tools else "looks"
        if at.as_json:
            print_json({what: all_told(found)})
            return
        when = reader().when
        rows = [[when(v) if n == "at" else v for n, v in each._asdict().items()] for each in found]
        print_table(what, (ToolCall if tools else Look)._fields, rows, most=None)
