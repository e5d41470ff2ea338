"""A person at the keyboard, in front of a real store of either kind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from adapters.program import app
from adapters.settings.loading import load_settings
from adapters.stores.opening import Opened, open_store, path_of
from aggregates.command import Command
from engine.engine import Engine
from events.campaign import SendReserved
from tests.law.story import ANN, BOB, SPRING

SENDLEDGER = Path(sys.executable).with_name("sendledger")
MAIN = "main"
IN_A_FILE = pytest.mark.parametrize("keyboard", ["sqlite"], indirect=True)
"""For tests of what only a store that is a file does, or that are long."""


class Ran(NamedTuple):
    code: int
    output: str
    complaint: str


class Keyboard:
    """Types commands on one store, which it names by path or URL; has its files in ``folder``."""

    def __init__(self, store: str | Path, folder: Path) -> None:
        self.store = str(store)
        self.folder = folder
        self._asked = 0

    def type(self, *words: object, answer: str = "") -> Ran:
        arguments = [*map(str, words), "--store", self.store]
        done = CliRunner().invoke(app, arguments, input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ran(done.exit_code, done.stdout, done.stderr)

    def do(self, *words: object, answer: str = "") -> str:
        ran = self.type(*words, answer=answer)
        assert ran.code == 0, ran
        return " ".join(ran.output.split())

    def json(self, *words: object) -> Any:
        ran = self.type(*words, "--json")
        assert ran.code == 0, ran
        return json.loads(ran.output)

    def refused(self, code: int, *words: object) -> str:
        """The complaint of a command that ended with this exit code and no traceback."""
        ran = self.type(*words)
        assert ran.code == code, ran
        assert "Traceback" not in ran.complaint
        return ran.complaint

    def two_accounts(self) -> None:
        self.do("accounts", "connect", "s1", ANN)
        self.do("accounts", "connect", "s2", BOB)

    def campaign(self, people: Path | None = None) -> None:
        """A running rotation campaign of both."""
        self.two_accounts()
        self.do("campaigns", "create", SPRING, "--from", ANN, "--from", BOB)
        if people:
            self.do("campaigns", "import", SPRING, people)
        self.do("campaigns", "start", SPRING)

    def behind(self, *commands: Command) -> None:
        """What the mail world does meanwhile."""
        with self.opened() as opened:
            engine = Engine(opened.store, fence=opened.fence)
            for command in commands:
                self._asked += 1
                name = f"behind-{self._asked}"
                answer = engine.execute(MAIN, command, command_id=name, actor="mail")
                assert answer.refusal is None, answer.refusal
                for each in answer.recorded:
                    if isinstance(each.event, SendReserved):
                        opened.fence.note(each.position, each.event_id)

    def id_of(self, address: str) -> str | None:
        with self.opened() as opened:
            return opened.directory.recipient_at(MAIN, address)

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with closing(open_store(load_settings(store=self.store))) as opened:
            yield opened

    @property
    def file(self) -> Path:
        return path_of(self.store)


def spawn(*words: object) -> subprocess.Popen[str]:
    """A process of its own, in which Ctrl-C works as at a keyboard."""
    return subprocess.Popen(
        [SENDLEDGER, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def people_file(path: Path, count: int, filling: str = "") -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,about\n")
        file.writelines(f"p{n}@example.com,Person {n},{filling}\n" for n in range(count))
    return path
