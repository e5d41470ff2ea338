"""The vault's keys: read as they were written, from a file that is nobody else's or a variable."""

import os
from base64 import b64encode
from pathlib import Path

import pytest

from adapters.vault.key_file import (
    key_file_locked,
    key_source,
    make_key_file,
    read_key_file,
    replace_key_file,
)
from adapters.vault.keys import Key, new_key, parse_keys, written
from engine.work.secret import NoKey, Secret, UnusableKey

K1, K2 = Key("k1", bytes(range(32))), Key("k2", bytes([251, 255]) * 16)
K1_TEXT = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vault.key"


def put(file: Path, text: str | bytes, mode: int = 0o600) -> Path:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    "text",
    [
        *(f"{K1_TEXT},{{k2}}", f"  {K1_TEXT}\n\n# old:\n  {{k2}}\n", f"{K1_TEXT} {{k2}}"),
        *(f"{K1_TEXT.rstrip('=')}, {{k2}}",),
    ],
)
def test_keys_are_read_in_their_order_however_they_are_divided(text: str) -> None:
    of_another_program = f"k2:{b64encode(K2.octets).decode()}"
    for k2 in (written((K2,)).strip(), of_another_program, of_another_program.rstrip("=")):
        assert parse_keys(text.format(k2=k2), "here") == (K1, K2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is none"),
        ("# only a remark", "there is none"),
        (K1_TEXT.removeprefix("k1:"), "entry 1 has no id"),
        (f"{K1_TEXT} K2:{'A' * 43}", "entry 2 has no id"),
        ("k1:AAEC", "the key k1 is none"),
        (f"k1:{'A' * 42}!", "the key k1 is none"),
        (f"k1:{'A' * 44}", "the key k1 is none"),
        ("k1:ä", "the key k1 is none"),
        (f"{K1_TEXT} {K1_TEXT}", "an id comes twice"),
    ],
)
def test_what_is_no_key_is_told_without_it(text: str, said: str) -> None:
    with pytest.raises(UnusableKey, match=said) as refused:
        parse_keys(text, "SENDLEDGER_VAULT_KEY")
    assert "SENDLEDGER_VAULT_KEY" in str(refused.value)
    assert K1_TEXT[3:] not in str(refused.value)


def test_a_key_tells_its_id_alone() -> None:
    assert repr(K1) == str(K1) == "Key(id='k1')"


def test_a_new_file_has_one_key_and_is_nobody_else_s(file: Path) -> None:
    key = make_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key_file(file) == (key,)
    assert len(key.octets) == 32


def test_two_new_keys_are_two() -> None:
    assert len({new_key().octets for _ in range(100)}) == 100


def test_a_file_that_is_there_stays(file: Path) -> None:
    put(file, "precious")
    with pytest.raises(UnusableKey, match="there is a file already"):
        make_key_file(file)
    assert file.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_file_that_others_may_read_is_refused_with_what_to_do(file: Path, mode: int) -> None:
    put(file, K1_TEXT, mode)
    with pytest.raises(UnusableKey, match=f"{mode:04o}.*chmod 600"):
        read_key_file(file)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_the_owner_alone_is_read(file: Path, mode: int) -> None:
    assert read_key_file(put(file, K1_TEXT, mode)) == (K1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_file_of_another_user_is_refused(file: Path) -> None:
    os.chown(put(file, K1_TEXT), 12345, -1)
    with pytest.raises(UnusableKey, match="belongs to another user"):
        read_key_file(file)


def test_what_is_no_file_of_keys_is_told(file: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path, said in [
        (file, "No such file"),
        (tmp_path, "it is no file"),
        (pipe, "it is no file"),
        (put(tmp_path / "octets", b"\xff\xfe"), "it is no text"),
        (put(tmp_path / "large", b"#" * 70_000), "too large"),
    ]:
        with pytest.raises(UnusableKey, match=said):
            read_key_file(path)


def test_a_file_is_replaced_all_at_once_and_a_link_to_it_stays(file: Path, tmp_path: Path) -> None:
    put(file, K1_TEXT)
    link = tmp_path / "link"
    link.symlink_to(file)
    put(tmp_path / ".vault.key.new", "half of what a crash le")
    replace_key_file(link, (K2, K1))
    assert read_key_file(file) == (K2, K1)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "vault.key"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_at_a_time_changes_it(file: Path) -> None:
    with (
        key_file_locked(file),
        pytest.raises(UnusableKey, match="another rotation is under way"),
        key_file_locked(file),
    ):
        pass
    with key_file_locked(file):
        pass


def test_keys_come_from_the_file_or_the_variable(file: Path) -> None:
    variable = Secret(written((K2,)))
    assert key_source(put(file, K1_TEXT), None)() == (K1,)
    assert key_source(None, variable)() == (K2,)
    with pytest.raises(UnusableKey, match="give one"):
        key_source(file, variable)()
    with pytest.raises(NoKey, match="has no key"):
        key_source(None, None)()
