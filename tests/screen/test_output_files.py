"""An output appears whole or not at all, and at the expense of no other file."""

from pathlib import Path

import pytest

from adapters.screen.output_files import (
    CannotWriteOutput,
    OutputRefused,
    appearing,
    require_free,
    unused,
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def written(out: Path, content: bytes, *, force: bool = False) -> None:
    with appearing(out, force=force) as file:
        file.write(content)
        assert not out.exists() or out.read_bytes() != content


def test_it_takes_its_name_once_it_is_whole(out: Path) -> None:
    written(out, b"all")
    assert out.read_bytes() == b"all"
    assert [*out.parent.iterdir()] == [out]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_whatever_goes_wrong_leaves_what_was_there(out: Path, error: type[BaseException]) -> None:
    def breaking_off() -> None:
        with appearing(out, force=True) as file:
            file.write(b"half")
            raise error

    out.write_bytes(b"before")
    with pytest.raises(error):
        breaking_off()
    assert out.read_bytes() == b"before"
    assert [*out.parent.iterdir()] == [out]


def test_what_came_there_meanwhile_stays_unless_forced(out: Path) -> None:
    def overtaken() -> None:
        with appearing(out, force=False) as file:
            file.write(b"ours")
            out.write_bytes(b"theirs")

    with pytest.raises(CannotWriteOutput, match="exists"):
        overtaken()
    assert out.read_bytes() == b"theirs"
    written(out, b"ours", force=True)
    assert out.read_bytes() == b"ours"


def test_an_empty_one_appears_only_if_wanted(out: Path) -> None:
    with appearing(out, force=False, even_if_empty=False):
        pass
    assert not [*out.parent.iterdir()]
    with appearing(out, force=False):
        pass
    assert out.read_bytes() == b""


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotWriteOutput, match="cannot be written: No such file"),
        appearing(tmp_path / "no" / "out", force=False),
    ):
        pass


def test_a_link_is_followed_and_kept(out: Path) -> None:
    real = out.with_name("real.jsonl")
    real.write_bytes(b"before")
    out.symlink_to(real)
    written(out, b"after", force=True)
    assert out.is_symlink()
    assert real.read_bytes() == b"after"


def test_a_file_that_is_there_is_refused_unless_forced(out: Path) -> None:
    require_free(out, in_use=[], force=False)
    out.touch()
    with pytest.raises(OutputRefused, match="is there already"):
        require_free(out, in_use=[], force=False)
    require_free(out, in_use=[], force=True)


@pytest.mark.parametrize("name", ["folder", "nothing"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "nothing").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputRefused, match="no file that could be replaced"):
        require_free(tmp_path / name, in_use=[], force=True)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("other_name", ["itself", "roundabout", "symlink"])
def test_a_file_in_use_is_refused_by_whatever_name(
    tmp_path: Path, other_name: str, there: bool
) -> None:
    used = tmp_path / "store.db-wal"
    if there:
        used.touch()
    out = {
        "itself": used,
        "roundabout": tmp_path / "sub" / ".." / used.name,
        "symlink": tmp_path / "link",
    }[other_name]
    (tmp_path / "sub").mkdir()
    if other_name == "symlink":
        out.symlink_to(used)
    with pytest.raises(OutputRefused, match="in use"):
        require_free(out, in_use=[used], force=True)


def test_a_name_in_other_letters_may_be_the_same_file(tmp_path: Path) -> None:
    with pytest.raises(OutputRefused, match="in use"):
        require_free(tmp_path / "STORE.DB-WAL", in_use=[tmp_path / "store.db-wal"], force=True)


def test_a_hard_link_to_a_file_in_use_is_refused(tmp_path: Path) -> None:
    used, out = tmp_path / "people.csv", tmp_path / "other.csv"
    used.touch()
    out.hardlink_to(used)
    with pytest.raises(OutputRefused, match="in use"):
        require_free(out, in_use=[used], force=True)


def test_a_name_that_nobody_chose_is_numbered(out: Path) -> None:
    assert unused(out) == out
    out.touch()
    out.with_name("out-2.jsonl").touch()
    assert unused(out) == out.with_name("out-3.jsonl")
