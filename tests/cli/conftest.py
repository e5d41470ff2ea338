from pathlib import Path

import pytest

from tests.cli.keyboard import Keyboard


@pytest.fixture
def keyboard(tmp_path: Path) -> Keyboard:
    return Keyboard(tmp_path / "store.db")
