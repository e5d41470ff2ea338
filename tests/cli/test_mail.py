"""``sendledger mail classify``: a line each, or one complaint and nothing else."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.program import app
from tests.work.classifying.corpus import CORPUS, FILE

RECORD = {
    "protocol": "imap",
    "stage": "login",
    "provider": None,
    "auth": "password",
    "token_fresh": False,
    "text": "NO [LIMIT] slowly",
}
LINE = json.dumps(RECORD)
UNREADABLE = {
    "no JSON": (f"{LINE}\n{{", "line 2"),
    "half an array": (f"[{LINE},\n{LINE}", "line 2"),
    "no object": (f"{LINE}\n\n3", "line 3"),
    "a record of an array": (f"[{LINE}, []]", "record 2"),
    "no such protocol": (LINE.replace("imap", "pop3"), "imap, smtp, oauth"),
    "no such stage": (LINE.replace("login", "rset"), "`stage`"),
    "no auth": (LINE.replace('"auth"', '"author"'), "`auth`"),
    "a text that is none": (LINE.replace('"NO [LIMIT] slowly"', "7"), "`text`"),
    "a provider that is none": (LINE.replace("null", "[]"), "`provider`"),
    "a token that is none": (LINE.replace("false", '"no"'), "`token_fresh`"),
    "too deep": ("[" * 100_000, "line 1"),
    "too big a number": (f'{LINE}\n{{"n": {"9" * 10_000}}}', "line 2"),
}


def classified(file: Path, *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["mail", "classify", str(file), *options])
    return done.exit_code, done.stdout, done.stderr


def test_a_line_comes_out_for_each_that_goes_in() -> None:
    code, output, _ = classified(FILE, "--json")

    told = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [each["class"] for each in told] == [each.expected for each in CORPUS]
    assert {frozenset(each) for each in told} == {frozenset({"class", "classifier", "sentence"})}


@pytest.mark.parametrize(
    "lines", [f"{LINE}\n\n{LINE}\r\n", f"\ufeff{LINE}\n{LINE}", f"[{LINE},{LINE}]"]
)
def test_lines_and_arrays_are_read(tmp_path: Path, lines: str) -> None:
    (tmp_path / "answers").write_text(lines, encoding="utf-8")

    code, output, _ = classified(tmp_path / "answers", "--json")

    assert code == 0
    assert [json.loads(each)["class"] for each in output.splitlines()] == ["throttled", "throttled"]


def test_hostile_texts_are_only_texts(tmp_path: Path) -> None:
    text = "\x1b]0;title\x07\ud800\u202e{0}" + "x" * 1_000_000
    (tmp_path / "answers").write_text(json.dumps({**RECORD, "text": text, "provider": text}))

    code, output, _ = classified(tmp_path / "answers")

    assert code == 0
    assert output.startswith("unknown: The mail server")
    assert output.strip().isprintable()


@pytest.mark.parametrize(("text", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_told_and_nothing_is_printed(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "answers").write_text(text)

    code, output, complaint = classified(tmp_path / "answers", "--json")

    assert (code, output) == (2, "")
    assert said in json.loads(complaint)["error"]["message"]


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "answers").write_bytes(LINE.encode() + b"\n\xff")

    assert "line 2: not UTF-8" in classified(tmp_path / "answers")[2]
    assert "No such file" in classified(tmp_path / "nothing")[2]
    assert classified(tmp_path)[0] == 2
