"""The demo replaces what it left itself, and nothing else."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from adapters.demo.folder import MARKER, DemoFolderError, claim, clear
from adapters.demo.run import run_demo


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    claim(tmp_path / "deep" / "demo")
    assert (tmp_path / "deep" / "demo" / MARKER).exists()


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    claim(tmp_path)
    for name in ("sendledger.db", "sendledger.db-wal", "sendledger.db.locks/1", "outbox/new/1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    claim(tmp_path)
    clear(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [MARKER]


@pytest.mark.parametrize("name", ["sendledger.db", "notes.txt", ".hidden", "outbox"])
def test_a_folder_that_is_not_ours_is_refused_and_untouched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(DemoFolderError, match="is no demo folder"):
        run_demo(tmp_path, Console(file=io.StringIO()))
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.parametrize("name", ["notes.txt", "outbox", "sendledger-copy.db"])
def test_a_demo_folder_with_something_else_in_it_is_refused(tmp_path: Path, name: str) -> None:
    claim(tmp_path)
    (tmp_path / name).write_text("precious")
    with pytest.raises(DemoFolderError, match=name):
        claim(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    demo, elsewhere = tmp_path / "demo", tmp_path / "elsewhere"
    elsewhere.mkdir()
    claim(demo)
    (demo / "outbox").symlink_to(elsewhere)
    with pytest.raises(DemoFolderError, match="outbox"):
        claim(demo)


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoFolderError, match="cannot be used"):
        claim(tmp_path / "file")
