"""``sendledger looks``: who looked at which person's case over HTTP."""

from typing import Annotated

import typer

from adapters.cli.common import reading, settings_of
from adapters.screen.options import Json, Store, Workspace
from adapters.screen.output import print_json
from adapters.screen.reading import Zone, reader


def looks(
    after: Annotated[int, typer.Option(min=0, help="Only those after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 1_000,
    store: Store = None,
    workspace: Workspace = None,
    _zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Show who looked at which person's case, and when."""
    from adapters.screen.tables import print_table
    from adapters.stores.small_tables.looks import StoredLooks
    from engine.answers.telling.rows import all_told
    from engine.work.looks import Look

    with reading(store) as opened:
        chosen = settings_of(store, workspace).workspace
        found = StoredLooks(opened.beside, opened.store.now).recorded(chosen, after, limit)
        if as_json:
            print_json({"looks": all_told(found)})
            return
        when = reader().when
        rows = [[when(v) if n == "at" else v for n, v in each._asdict().items()] for each in found]
        print_table("looks", Look._fields, rows, most=None)
