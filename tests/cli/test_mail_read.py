"""``sendledger mail read``: a line for each message, or one complaint and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.program import app
from tests.mail.inbound.letters import ANN, BEN, FROM_BEN, OURS, letter

OF_BEN = {"message_id": OURS, "campaign": "spring", "recipient": "r1", "address": BEN, "at": "…"}
SENT: dict[str, Any] = {"account": ANN, "sent": [OF_BEN]}
UNREADABLE = {
    "no JSON": ("{", "no JSON in UTF-8"),
    "too deep": ("[" * 100_000, "no JSON in UTF-8"),
    "no object": ("[]", "expected an object"),
    "no list": (json.dumps({"account": ANN, "sent": {}}), "`sent`, a list"),
    "no account": (json.dumps({"sent": []}), "`account` must be a text"),
    "no record": (json.dumps({**SENT, "sent": [OF_BEN, 7]}), "record 2 of `sent`"),
    "no address": (json.dumps({**SENT, "sent": [{**OF_BEN, "address": None}]}), "`address`"),
}


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    files = sorted(map(str, folder.glob("*.eml")))
    done = CliRunner().invoke(
        app, ["mail", "read", *files, "--sent", str(folder / "sent.json"), *arguments]
    )
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    away = {**FROM_BEN, "Auto-Submitted": "auto-replied"}
    (tmp_path / "1.eml").write_bytes(letter(away, "Back on 5 May"))
    (tmp_path / "2.eml").write_bytes(letter({"From": "nobody@z.test"}))
    (tmp_path / "sent.json").write_text(json.dumps(SENT), encoding="utf-8")
    return tmp_path


def test_a_line_comes_out_for_each_message(folder: Path) -> None:
    code, output, _ = run(folder, "--json")

    away, unrelated = map(json.loads, output.splitlines())
    assert code == 0
    assert away == {
        "file": str(folder / "1.eml"),
        "kind": "auto_reply",
        "recipients": ["r1"],
        "campaigns": ["spring"],
        "until": "2026-05-05",
        "because": "An automatic answer: Auto-Submitted says so.",
    }
    assert (unrelated["kind"], unrelated["recipients"], unrelated["until"]) == (
        "unrelated",
        [],
        None,
    )


def test_persons_get_a_table(folder: Path) -> None:
    code, output, _ = run(folder)

    assert code == 0
    assert "auto_reply" in output
    assert "2026-05-05" in output


@pytest.mark.parametrize(("text", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_was_sent_must_be_readable(folder: Path, text: str, said: str) -> None:
    (folder / "sent.json").write_text(text, encoding="utf-8")

    code, output, complaint = run(folder, "--json")

    assert (code, output) == (2, "")
    assert said in json.loads(complaint)["error"]["message"]


def test_a_message_that_is_not_there_is_told(folder: Path) -> None:
    code, output, complaint = run(folder, str(folder / "3.eml"), "--json")

    assert (code, output) == (2, "")
    assert "No such file" in json.loads(complaint)["error"]["message"]
    (folder / "sent.json").unlink()
    assert run(folder)[0] == 2
