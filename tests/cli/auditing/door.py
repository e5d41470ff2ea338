"""``sendledger-replay`` as one calls it, and what the engine itself says of a part of a history."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from adapters.stores.memory.views import MemoryViews
from events.recorded import Recorded
from projections.projection import Projection, RowKey
from replay import app
from tests.workplace import much_happens, on_file


class Ran(NamedTuple):
    exit_code: int
    output: str
    complaint: str

    @property
    def json(self) -> Any:
        assert self.exit_code in {0, 1}, self.complaint
        return json.loads(self.output)


def replay(*arguments: object) -> Ran:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    return Ran(result.exit_code, result.stdout, result.stderr)


def busy_store(path: Path) -> Path:
    """A store on which much has happened; no view was ever built."""
    much_happens(on_file(path)).store.close()
    return path


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def folded(facts: Iterable[Recorded], projections: Iterable[Projection]) -> MemoryViews:
    """By the projections' own functions and nothing else."""
    views = MemoryViews()
    chosen = list(projections)
    rows: dict[Projection, dict[RowKey, Any]] = {each: {} for each in chosen}
    for fact in facts:
        for each in chosen:
            if type(fact.event) in each.watches:
                key = each.key(fact)
                rows[each][key] = each.evolve(rows[each].get(key), fact)
    views.save(rows, dict.fromkeys(chosen, 0), 1)
    return views
