"""Products in which stores are kept and copied."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import NamedServer
from tests.work.copies import Copying, Databases, Files
from tests.work.restored import Sender


@pytest.fixture(params=["sqlite", "postgresql"])
def copying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copying]:
    if request.param == "sqlite":
        yield Files(tmp_path)
        return
    server: NamedServer = request.getfixturevalue("postgres_server")
    with closing(Databases(server)) as databases:
        yield databases


@pytest.fixture
def sender(copying: Copying, tmp_path: Path) -> Sender:
    return Sender(copying, tmp_path / "elsewhere")
