"""A stop and an event, proved over HTTP as the command line proves them (F2, F3)."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import pytest

from adapters.composition.access import looks_of
from adapters.proof.signing import verifies
from engine.proof.case_file import read
from engine.proof.notes import Checkpoint, opened
from engine.work.permissions import Role
from tests.http.commands.callers import Caller, Door, door
from tests.law.story import SPRING, import_recipients
from tests.proving.proved_case import ON_ITS_WAY, PERSON, ProvedCase

embedded = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def address(recipient: str) -> str:
    return f"/campaigns/{SPRING}/recipients/{recipient}/proof"


def since(case: ProvedCase) -> str:
    return f"?since={quote(case.log.noted.read_text())}"


def kept(told: str, folder: Path, name: str = "told.json") -> Path:
    file = folder / name
    file.write_text(told)
    return file


def verified(case: ProvedCase, told: str) -> Checkpoint:
    """Under whose checkpoint it is proved; by the public keys alone."""
    file, keys = read(told), case.log.verifier_keys
    tree = Checkpoint.of(opened(file.checkpoint, keys, verifies))
    file.require_proved(tree, None)
    return tree


@pytest.mark.rule("F3")
def test_a_case_file_is_the_one_that_prove_writes(
    case: ProvedCase, auditor: Caller, tmp_path: Path
) -> None:
    for recipient in (ON_ITS_WAY, case.failed):
        told = auditor.get(f"{address(recipient)}{since(case)}")
        file, own = kept(told.text, tmp_path), tmp_path / f"{recipient}.json"
        case.prove(recipient, own, "--since", case.log.noted)
        assert own.read_text() == told.text
        assert (case.by_the_script(file), case.by_the_house(file)) == (True, True)
        assert [word for word in (PERSON.name, PERSON.address) if word in told.text] == []


def test_a_case_file_is_a_look_at_the_case(case: ProvedCase, house: Door, auditor: Caller) -> None:
    auditor.get(address(case.failed))
    (look,) = looks_of(house.program.opened).recorded("acme", 0, 10)
    assert (look.by, look.recipient_id) == ("token:auditor", case.failed)


@pytest.mark.rule("F2")
def test_every_signed_event_is_proved_to_who_may_read_the_log(
    case: ProvedCase, house: Door, auditor: Caller
) -> None:
    end = house.program.opened.store.last_position()
    for position in range(1, end + 1):
        told = auditor.get(f"/events/{position}/proof").text
        assert verified(case, told).size > 88
        (event,) = read(told).events
        shown = auditor.get(f"/events/{position}").body
        assert event.position == position
        assert event.topic.partition("/")[0] == shown["type"]
        assert json.loads(event.state).items() >= shown["data"].items()
    in_case = json.loads(auditor.get(address(case.failed)).text)["events"][0]
    alone = auditor.get(f"/events/{in_case['position']}/proof").body["events"]
    assert alone == [in_case]


def test_an_event_is_verified_by_the_command_line_and_a_changed_one_is_not(
    case: ProvedCase, auditor: Caller, tmp_path: Path
) -> None:
    told = auditor.get(f"/events/3/proof{since(case)}").text
    words = "--key", case.log.verifier_key, "--checkpoint", case.log.noted
    assert case.log.verify(kept(told, tmp_path), *words)[0] == 0
    event = json.loads(told)
    event["events"][0]["version"] += 1
    changed = (json.dumps(event), json.dumps({**json.loads(told), "events": []}), told[:-9])
    assert [case.log.verify(kept(each, tmp_path), *words)[0] for each in changed] == [1, 1, 1]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (address("r2"), 404, "not_stopped"),
        (address("nobody"), 404, "not_stopped"),
        *((f"/events/{each}/proof", 404, "unknown_event") for each in ("0", "4711", "x", "9" * 40)),
        ("/events/1/proof?since=what", 422, "no_checkpoint"),
        (f"{address('r5')}?since=another%0A1%0A{'A' * 43}%3D", 409, "not_grown_from"),
    ],
)
@embedded
def test_what_is_not_proved_is_told_and_is_no_look(
    house: Door, auditor: Caller, path: str, status: int, code: str
) -> None:
    told = auditor.get(path)
    assert (told.status, told.code) == (status, code)
    assert looks_of(house.program.opened).recorded("acme", 0, 10) == []


@embedded
def test_an_event_of_another_workspace_is_not_there(house: Door) -> None:
    house.program.engine.execute(
        "elsewhere", import_recipients("r1"), command_id="other", actor="user:test"
    )
    stranger = house.caller("stranger", Role.AUDITOR, "elsewhere")
    assert stranger.get("/events/1/proof").code == "unknown_event"
    assert stranger.get(address(ON_ITS_WAY)).code == "not_stopped"
    stranger.close()


def test_what_came_since_is_proved_once_it_is_signed(case: ProvedCase, auditor: Caller) -> None:
    signed = case.log.folder / "checkpoint"
    newest = signed.read_bytes()
    signed.write_bytes(case.log.noted.read_bytes())
    assert auditor.get(address(case.failed)).code == "not_stopped"
    assert "have the log signed" in auditor.get(address(case.failed)).text
    case.log.given(import_recipients("later"))
    end = auditor.get("/events?newest=true&limit=1").body["events"][0]["position"]
    waiting = auditor.get(f"/events/{end}/proof")
    assert (waiting.status, waiting.code) == (409, "not_signed_yet")
    signed.unlink()
    assert auditor.get("/events/1/proof").code == "not_signed_yet"
    signed.write_bytes(newest)
    case.log.sign()
    assert verified(case, auditor.get(f"/events/{end}/proof").text).size > 88
    assert auditor.get(address(case.failed)).status == 200


@embedded
def test_without_a_folder_the_setting_is_named(case: ProvedCase) -> None:
    with door(case.log.served(proof_folder=None)) as house:
        auditor = house.caller("auditor", Role.AUDITOR)
        told = [auditor.get(each) for each in ("/events/1/proof", address(case.failed))]
        auditor.close()
    assert {(each.status, each.code) for each in told} == {(404, "no_proof_folder")}
    assert all("proof_folder" in each.text for each in told)


@embedded
def test_tiles_that_are_lost_or_changed_prove_nothing_and_tell_no_path(
    case: ProvedCase, auditor: Caller
) -> None:
    tiles = (case.log.folder / "tile" / "0" / "000.p").glob("[0-9]*")
    tile = max(tiles, key=lambda each: int(each.name))
    octets = tile.read_bytes()
    tile.write_bytes(bytes(32) + octets[32:])
    told = [auditor.get(address(case.failed))]
    shutil.rmtree(case.log.folder / "tile")
    told.append(auditor.get("/events/1/proof"))
    (case.log.folder / "checkpoint").unlink()
    (case.log.folder / "checkpoint").mkdir()
    told.append(auditor.get("/events/1/proof"))
    codes = ["not_as_signed", "tile_missing", "folder_unusable"]
    assert [(each.status, each.code) for each in told] == [(503, code) for code in codes]
    assert str(case.log.folder.parent) not in "".join(each.text for each in told)


@contextmanager
def signing_on(case: ProvedCase) -> Iterator[None]:
    """Commands come, and the duty signs them, until the end of the block."""
    over, number = Event(), count()

    def go_on() -> None:
        while not over.is_set():
            names = (f"n-{next(number)}" for _ in range(40))
            case.log.given(import_recipients(*names))
            case.log.sign()

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_answers_are_proved_while_the_duty_signs(case: ProvedCase, auditor: Caller) -> None:
    sizes = set[int]()
    with signing_on(case):
        while len(sizes) < 8:
            for path in (address(case.failed), "/events/50/proof"):
                told = auditor.get(path)
                assert told.status == 200, told.text
                sizes.add(verified(case, told.text).size)
