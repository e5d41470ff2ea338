from pathlib import Path

import pytest

from tests.cli.keyboard import Keyboard


@pytest.fixture(params=["sqlite", "postgresql"])
def keyboard(request: pytest.FixtureRequest, tmp_path: Path) -> Keyboard:
    """In front of an empty store: one that is a file, then one in a database."""
    in_file = request.param == "sqlite"
    store = tmp_path / "store.db" if in_file else request.getfixturevalue("postgres_url")
    return Keyboard(store, tmp_path)
