"""What one alone may do at a time: held against other processes, and free once they are dead."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.settings.loading import load_settings
from adapters.stores.opening import Opened, migrate, open_store
from adapters.stores.postgres import PostgresStore
from engine.ports.errors import StillHeld, StoreError

ROOT = Path(__file__).parents[2]
NAME = "tokens of ann@acme.test"


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    on_file = request.param == "sqlite"
    url = str(tmp_path / "store.db") if on_file else request.getfixturevalue("postgres_url")
    settings = load_settings(store=url)
    migrate(settings)
    with closing(open_store(settings)) as found:
        yield found


@pytest.fixture
def holder(opened: Opened) -> Iterator[subprocess.Popen[str]]:
    url = opened.store.url if isinstance(opened.store, PostgresStore) else opened.name
    command = [sys.executable, "-m", "tests.stores.lock_holder", url, NAME]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.kills
def test_what_another_process_holds_is_free_once_it_was_killed(
    opened: Opened, holder: subprocess.Popen[str]
) -> None:
    exclusively = opened.coordination.exclusively
    with pytest.raises(StillHeld, match="Try again"), exclusively(NAME, 0.05):
        pass

    holder.kill()

    with exclusively(NAME, 10):
        pass


def test_a_folder_that_nobody_may_write_is_told(tmp_path: Path) -> None:
    settings = load_settings(store=str(tmp_path / "store.db"))
    migrate(settings)
    (tmp_path / "store.db.locks").write_text("in the way")
    with (
        closing(open_store(settings)) as opened,
        pytest.raises(StoreError, match="cannot be written"),
        opened.coordination.exclusively(NAME, 1),
    ):
        pass
