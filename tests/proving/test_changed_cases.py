"""Whatever is changed in a case file is found, by the script and by the house alike (F2, F3)."""

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from verify_case import ORDER, NotVerified, is_signed

from adapters.proof.signing import verifies
from tests.law.story import SPRING
from tests.proving.proved_case import ProvedCase, proved_case

SCRIPT = Path(__file__).parents[2] / "examples" / "proof" / "verify_case.py"
SOAK = (pytest.mark.soak, pytest.mark.timeout(7_200))
WORDS = {"section", "text"}
"""Of a sentence; only Sendledger itself tells them anew from the events."""
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> ProvedCase:
    folder = tmp_path_factory.mktemp("proved")
    return proved_case(str(folder / "s.db"), folder)


@pytest.fixture(scope="module")
def whole(case: ProvedCase) -> str:
    file = case.log.folder.with_name("whole.json")
    assert case.prove(case.failed, file, "--since", case.log.noted)[0] == 0
    return file.read_text("utf-8")


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Of every value in it, itself included."""
    yield at
    if isinstance(value, dict | list):
        names = value if isinstance(value, dict) else range(len(value))
        for name in names:
            yield from places(value[name], (*at, name))


def found(case: Any, at: Place) -> Any:
    for name in at:
        case = case[name]
    return case


def another(value: Any, chance: random.Random) -> Any:
    """A value of the same kind, or of another one that a program may take for the same."""
    match value:
        case bool() | None:
            return "x"
        case int():
            return chance.choice([value + 1, -value - 1, float(value), str(value), True])
        case str() if value:
            at = chance.randrange(len(value))
            letter = "0" if value[at] != "0" else "1"
            turned = value.upper() if value.upper() != value else f"{value} "
            return chance.choice([value[:at] + letter + value[at + 1 :], value[:-1], turned])
        case list() if value:
            at = chance.randrange(len(value))
            more, fewer = [*value, value[at]], value[:at] + value[at + 1 :]
            return chance.choice([more, fewer, value[::-1] if len(value) > 1 else more])
        case dict() if value:
            gone = chance.choice([*value])
            less = {name: each for name, each in value.items() if name != gone}
            return chance.choice([less, {**value, "more": 1}])
    return [value]


def changed(whole: str, at: Place, chance: random.Random) -> str:
    case = copy.deepcopy(json.loads(whole))
    if not at:
        return json.dumps(another(case, chance))
    *outer, last = at
    found(case, tuple(outer))[last] = another(found(case, at), chance)
    return json.dumps(case)


def octet(whole: str, chance: random.Random) -> str:
    """One letter of the file becomes another one."""
    at = chance.randrange(len(whole))
    return whole[:at] + chr(ord(whole[at]) ^ 1 << chance.randrange(6)) + whole[at + 1 :]


def without_words(sentences: list[dict[str, Any]]) -> set[str]:
    said = [{name: each[name] for name in each.keys() - WORDS} for each in sentences]
    return {json.dumps(each, sort_keys=True) for each in said}


def says_no_more(mutant: str, whole: str) -> bool:
    """Than the file of before: something may be missing from it, or be said in other words.

    Of the checkpoint the first signature counts, of Ed25519: the script reads no other.
    """
    new, old = json.loads(mutant), json.loads(whole)
    for case in (new, old):
        case["checkpoint"] = case["checkpoint"].split("\n")[:5]
    sentences = new["case"].pop("sentences"), old["case"].pop("sentences")
    events = new.pop("events"), old.pop("events")
    fewer = without_words(sentences[0]) <= without_words(sentences[1])
    known = {json.dumps(each) for each in events[1]}
    is_known = all(json.dumps(each) in known for each in events[0])
    return json.dumps(new) == json.dumps(old) and fewer and is_known


def is_same(mutant: str, whole: str) -> bool:
    """But for events that tell nothing which is told."""
    return json.loads(mutant)["case"] == json.loads(whole)["case"] and says_no_more(mutant, whole)


def judged(case: ProvedCase, whole: str, mutants: Iterator[str]) -> list[tuple[bool, bool]]:
    """What house and script accept; neither may accept what means something else."""
    file, verdicts = case.log.folder.with_name("mutant.json"), []
    for mutant in mutants:
        file.write_text(mutant, "utf-8")
        by_house, by_script = case.by_the_house(file), case.by_the_script(file)
        if by_house:
            assert by_script, mutant
            assert is_same(mutant, whole), mutant
        if by_script:
            assert says_no_more(mutant, whole), mutant
            assert by_house or json.loads(mutant) != json.loads(whole), mutant
        verdicts.append((by_house, by_script))
    return verdicts


def test_every_field_counts(case: ProvedCase, whole: str) -> None:
    """Each value of the file becomes another one, once."""
    chance = random.Random(5)
    verdicts = judged(case, whole, (changed(whole, at, chance) for at in places(json.loads(whole))))
    assert len(verdicts) > 400
    assert verdicts.count((True, True)) < 10, "some events tell nothing which is told"


@pytest.mark.parametrize("change", [octet, None])
@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=SOAK)])
def test_house_and_script_agree_on_what_was_changed(
    case: ProvedCase, whole: str, change: Callable[[str, random.Random], str] | None, count: int
) -> None:
    chance = random.Random(count)
    known = [*places(json.loads(whole))]

    def mutants() -> Iterator[str]:
        for _ in range(count):
            if change is not None:
                yield change(whole, chance)
            else:
                twice = changed(whole, chance.choice(known[1:]), chance)
                at = chance.choice([*places(json.loads(twice))])
                yield changed(twice, at, chance)

    verdicts = judged(case, whole, mutants())
    assert verdicts.count((False, False)) > count / 2


def test_a_key_that_stands_twice_is_refused(case: ProvedCase, whole: str) -> None:
    """A person reads the first, a program the last."""
    told = '"status": "campaign_stopped",'
    assert told in whole
    file = case.log.folder.with_name("twice.json")
    file.write_text(whole.replace(told, f'"status": "active", {told}', 1))
    assert (case.by_the_house(file), case.by_the_script(file)) == (False, False)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "[" * 100_000, '"\\ud800"', "9" * 5_000, '{"sendledger_case": 1}'],
)
def test_what_is_no_case_file_is_refused_in_a_sentence(
    case: ProvedCase, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = case.log.folder.with_name("none.json")
    file.write_text(text)
    assert (case.by_the_house(file), case.by_the_script(file)) == (False, False)
    assert capsys.readouterr().out.startswith("Not verified: ")
    code, said = case.log.verify(file, "--key", case.log.verifier_key)
    assert (code, "it is no case file" in said) == (1, True), said


def test_missing_files_are_told(case: ProvedCase, capsys: pytest.CaptureFixture[str]) -> None:
    assert not case.by_the_script(Path("nowhere"))
    assert "No such file" in capsys.readouterr().out


VECTORS = json.loads(Path(__file__).with_name("rfc8032.json").read_text("utf-8"))
"""RFC 8032, 7.1: tests 1 to 3 and SHA(abc)."""


def accepts(public: bytes, signature: bytes, text: bytes) -> bool:
    """What the script says; a key that is no point is refused."""
    try:
        return is_signed(public, signature, text)
    except NotVerified:
        return False


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_the_rfc_are_verified(vector: dict[str, str]) -> None:
    key, signature, text = (bytes.fromhex(vector[name]) for name in ("key", "signature", "text"))
    assert accepts(key, signature, text)
    assert not accepts(key, signature, text + b"x")


def test_signatures_are_judged_as_a_well_kept_library_judges_them() -> None:
    """Keys, signatures and texts of which bits were turned, and signatures of another form."""
    chance = random.Random(8032)
    for number in range(40):
        key, text = Ed25519PrivateKey.generate(), chance.randbytes(number * 26)
        public, signature = key.public_key().public_bytes_raw(), key.sign(text)
        assert accepts(public, signature, text)
        s = int.from_bytes(signature[32:], "little") + ORDER
        for other in (
            (turned(public, chance), signature, text),
            (public, turned(signature, chance), text),
            (public, signature[:32] + s.to_bytes(32, "little"), text),
            (public, signature[:-1], text),
            (public, signature, text + b"\0"),
        ):
            assert accepts(*other) == verifies(*other) is False


@pytest.mark.parametrize("y", [0, 1, 2, 2**255 - 19, 2**255 - 1])
def test_keys_at_the_edges_of_the_field_sign_nothing(y: int) -> None:
    for sign in (0, 1 << 255):
        assert not accepts((y | sign).to_bytes(32, "little"), bytes(32) + b"\1" + bytes(31), b"")


def turned(octets: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]


def test_the_script_runs_where_nothing_of_ours_is_installed(case: ProvedCase, whole: str) -> None:
    file = case.log.folder.with_name("alone.json")
    file.write_text(whole, "utf-8")
    words = [str(SCRIPT), str(file), "--key", str(case.log.verifier_key)]
    alone = [sys.executable, "-I", "-S", "-W", "error", *words]
    told = subprocess.run(alone, capture_output=True, text=True, check=True, env={}).stdout
    assert f"{case.failed} was stopped in {SPRING} at " in told
    assert "because of bob@acme.test (resolution_window_expired)" in told
    assert "no file can show it: that nothing else was recorded" in told

    file.write_text(whole.replace('"actor": "clock"', '"actor": "user:x"', 1), "utf-8")
    changed_ = subprocess.run(alone, capture_output=True, text=True, check=False, env={})
    assert (changed_.returncode, changed_.stdout[:14]) == (1, "Not verified: ")


def test_the_script_is_short_and_needs_no_library() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) <= 300
    imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
    assert {each.partition(".")[0] for each in imports} <= sys.stdlib_module_names
