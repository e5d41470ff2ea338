"""F1: secrets are planted, all is done that there is to do, and every octet written is searched."""

import os
import signal
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import chdir, closing, suppress
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from adapters.composition.programs import running as running_program
from adapters.composition.vaults import vault_over
from adapters.screen.output_files import unused
from adapters.settings.loading import load_settings
from adapters.stores.opening import open_store
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.key_file import read_key_file
from engine.work.secret import Secret, SecretRef
from engine.work.vault import SealedRow
from tests.certificates import make_certificate
from tests.cli.keyboard import Keyboard, people_file
from tests.law.story import ANN, BOB, SPRING
from tests.mail.relays import LocalRelay, Scripted, running
from tests.mail.servers.ports import free_ports
from tests.postgres import NamedServer
from tests.vault.leaks import Search, every_name
from tests.worker.processes import Process, eventually

PLANTED = {
    SecretRef("main", ANN, "password"): "Ann's pass word-ßecret/+?",
    SecretRef("main", BOB, "oauth"): '{"refresh_token": "1//0refresh-token-of-bob-in-json"}',
    SecretRef("main", ANN, "oauth"): "ya29.access-token-of-ann_" + "x" * 2_000,
}
RELAY_PASSWORD = "relay-pass-word-never-told"  # noqa: S105 of nobody


def test_the_search_finds_what_is_there() -> None:
    secret = b"correct-horse-battery"
    search = Search([secret])
    for octets in (secret, secret[::-1], secret.hex().encode(), secret.decode().encode("utf-16")):
        assert search.in_octets(b"..." + octets + b"...")
    for before in (b"", b"x", b"xy", b"xyz"):
        assert search.in_octets(b64encode(before + secret + b"and more"))
    assert not search.in_octets(b"correct-horse")


class Premises:
    """A store, a key file and all that is written on the way."""

    def __init__(self, keyboard: Keyboard, folder: Path) -> None:
        self.keyboard = keyboard
        self.folder = folder
        self.key_file = folder / "vault.key"
        self.said: list[str] = []
        self.keys: list[bytes] = []

    def type(self, *words: object) -> None:
        """For people and for programs, whatever comes of it."""
        for more in ([], ["--json"]):
            ran = self.keyboard.type(*words, *more)
            self.said += [ran.output, ran.complaint]
        self.note_keys()

    def note_keys(self) -> None:
        self.keys += [key.octets for key in read_key_file(self.key_file)]

    def plant(self) -> None:
        settings = load_settings(store=self.keyboard.store)
        with running_program(settings) as program:
            vault = vault_over(program.opened, settings)
            for ref, secret in PLANTED.items():
                vault.put(ref, Secret(secret))
                assert vault.get(ref).reveal() == secret
            self.said += [repr(vault.list()), repr(vault), repr(program), str(settings)]
            self.said += [repr(settings.model_dump()), settings.model_dump_json()]

    def damage(self) -> None:
        """Three rows, each in another way; and back again."""
        with closing(open_store(load_settings(store=self.keyboard.store))) as opened:
            rows = StoredSealedRows(opened.beside)
            whole = list(rows.rows())
            other = whole[1].sealed
            for row, sealed in zip(whole, (whole[0].sealed[:-2], b"SLV9", other), strict=True):
                assert rows.replace(row, row.key_id, sealed)
            self.type("vault", "check")
            self.type("vault", "rotate")
            for row in whole:
                damaged = rows.row(row.ref)
                assert isinstance(damaged, SealedRow)
                assert rows.replace(damaged, row.key_id, row.sealed)

    def search(self) -> Search:
        return Search(
            [
                *(secret.encode() for secret in PLANTED.values()),
                RELAY_PASSWORD.encode(),
                *self.keys,
            ]
        )


@pytest.fixture
def premises(keyboard: Keyboard, tmp_path: Path) -> Iterator[Premises]:
    before = dict(os.environ)
    os.environ["SENDLEDGER_VAULT_KEY_FILE"] = str(tmp_path / "vault.key")
    os.environ["SENDLEDGER_NOTICE_RELAY_PASSWORD"] = RELAY_PASSWORD
    with chdir(tmp_path):
        yield Premises(keyboard, tmp_path)
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.rule("F1")
@pytest.mark.kills
def test_no_secret_is_in_any_octet_that_was_written(
    premises: Premises, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    work_through(premises)
    wrong_keys(premises)
    serve_through(premises)

    search = premises.search()
    assert len({*premises.keys}) > 2, "keys were rotated"
    assert search.in_folder(premises.folder, except_for=[premises.key_file]) == []
    assert not any(map(search.in_octets, every_name(premises.folder)))
    said = ["\n".join(premises.said), *capfd.readouterr()]
    assert not search.in_octets("\n".join(said).encode("utf-8", "backslashreplace"))
    if premises.keyboard.store.startswith("postgresql"):
        server = request.getfixturevalue("postgres_server")
        assert search.in_folder(data_of(premises.keyboard.store, server)) == []


def work_through(premises: Premises) -> None:
    keyboard, folder = premises.keyboard, premises.folder
    premises.said.append(keyboard_init(premises))
    keyboard.campaign(people_file(folder / "people.csv", 5))
    premises.plant()
    for words in (
        *(["status"], ["health"], ["accounts"], ["accounts", "show", ANN], ["clocks"]),
        *(["campaigns", "show", SPRING], ["vault", "check"], ["vault", "rotate"]),
        *(["accounts", "disconnect", ANN, "--yes"], ["accounts", "reconnect", BOB]),
        *(["notices"], ["projections"], ["store", "check"], ["store", "migrate"], ["why"]),
    ):
        premises.type(*words)
    premises.damage()
    premises.type("vault", "rotate", "--drop-damaged")


def keyboard_init(premises: Premises) -> str:
    """``vault init`` names no store; the first also has to refuse a file that is there."""
    from typer.testing import CliRunner

    from adapters.program import app

    first, second = (
        CliRunner().invoke(app, ["vault", "init", str(premises.key_file), *more])
        for more in ([], ["--json"])
    )
    assert (first.exit_code, second.exit_code) == (0, 1)
    premises.note_keys()
    return first.output + second.output


def wrong_keys(premises: Premises) -> None:
    """Lost, of the wrong content, open to others; each is told, and then all is put right."""
    whole = premises.key_file.read_bytes()
    key_id = read_key_file(premises.key_file)[0].id
    for text, mode in (
        (b"other:" + b64encode(bytes(range(32))), 0o600),
        (f"{key_id}:".encode() + b64encode(bytes(range(32))), 0o600),
        (whole[:-5], 0o600),
        (whole, 0o644),
    ):
        premises.key_file.write_bytes(text)
        premises.key_file.chmod(mode)
        for words in (["vault", "check"], ["vault", "rotate"]):
            ran = premises.keyboard.type(*words)
            assert ran.code == 1
            premises.said += [ran.output, ran.complaint]
    premises.key_file.write_bytes(whole)
    premises.key_file.chmod(0o600)
    assert premises.keyboard.type("vault", "check").code == 0


def serve_through(premises: Premises) -> None:
    """A worker that tells all it can, while its relay refuses, strips, and takes."""
    certificate = make_certificate(premises.folder)
    settings = {
        "LOG_LEVEL": "debug",
        "TRACING": "console",
        "NOTICE_SENDER": "notices@acme.example",
        "NOTICE_RELAY_USER": "notices",
        "NOTICE_RELAY_CA_FILE": str(certificate.file),
        "OWNER_ADDRESS": "dana@acme.example",
    }
    relay = LocalRelay()
    stripped = Scripted("220 relay", "250 relay", None)
    with running(relay, certificate, login=True) as port, stripped.running() as other:
        for account, relay_port, heard in (
            (ANN, port, lambda: bool(relay.logins)),
            (BOB, other, lambda: bool(stripped.heard)),
        ):
            premises.type("accounts", "connect", "s3", account)
            premises.type("accounts", "test", account, "--result", "auth_revoked")
            told = {**settings, "NOTICE_RELAY": f"127.0.0.1:{relay_port}"}
            served_for_a_moment(premises, heard, **told)
    assert relay.logins, "the secret was used"
    premises.type("notices")


def served_for_a_moment(premises: Premises, until: Callable[[], bool], **settings: str) -> None:
    """By a worker of its own, whose figures are looked at."""
    output = unused(premises.folder / "serve.log")
    (port,) = free_ports(1)
    told = {"METRICS_PORT": str(port), **settings}
    worker = Process(output, "serve", "--store", premises.keyboard.store, **told)
    try:
        worker.begun()
        eventually(lambda: until() or worker.process.poll() is not None)
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/metrics") as found:
            premises.said.append(found.read().decode())
        assert worker.stopped(signal.SIGTERM) == 0, output.read_text()
    finally:
        worker.kill()


def data_of(url: str, server: NamedServer) -> Path:
    if not server.ours:
        pytest.skip("the files of a server that is not ours cannot be read")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return Path(folder)
