"""Stores of both products, with something to tell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webhooks.desk import Desk


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Iterator[Desk]:
    with Desk(url, tmp_path) as found:
        yield found


@pytest.fixture
def file_desk(tmp_path: Path) -> Iterator[Desk]:
    """On the embedded store, where the product does not matter."""
    with Desk(str(tmp_path / "file.db"), tmp_path) as found:
        yield found
