"""Stores of either kind, by their settings."""

from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> EngineSettings:
    in_file = request.param == "sqlite"
    store = tmp_path / "store.db" if in_file else request.getfixturevalue("postgres_url")
    return EngineSettings(store=str(store))
