# ruff: noqa: S608 the statements are ours
"""F1: the log commits to what the directory says of persons, and forgetting breaks no proof."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.composition.programs import Program, running
from adapters.program import app
from aggregates.recipient import ForgetRecipient
from engine.reply import Request
from engine.work.committing import Committing
from engine.work.ports import Commits, Person
from engine.work.suppressing import Suppressing
from tests.law.story import import_recipients
from tests.proving.committed_people import (
    PEOPLE,
    crowd,
    forget_people,
    import_people,
    new_id,
    rows,
    take,
)
from tests.proving.proved_case import proved_case
from tests.proving.signed_log import SignedLog, signed_log

ADA = Person("ada@example.org", "Ada Abara", {"city": "Ulm"})
LESS = Person("bea@example.org", "", {})
MORE = LESS._replace(name="Bea Benz", variables={"city": "Bonn"})
BECAME = "name = 'Mallory'"


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def log(url: str, tmp_path: Path) -> SignedLog:
    return signed_log(url, tmp_path)


def noted(log: SignedLog) -> None:
    log.sign()
    log.note()


def held(log: SignedLog) -> tuple[int, str]:
    return log.verify("--checkpoint", log.noted)


def checked(log: SignedLog) -> Any:
    ran = CliRunner().invoke(app, ["store", "check", "--json", "--store", log.url])
    return json.loads(ran.stdout)


def is_found(log: SignedLog, recipient_id: str, how: str) -> bool:
    """By both, with the recipient's id and nothing of the person."""
    code, told = held(log)
    findings = [each for each in checked(log)["findings"] if recipient_id in each]
    assert not any(word in told for word in ("example.org", "Ada", "Mallory")), told
    return code == 1 and recipient_id in told and how in told and how in "".join(findings)


EDITS: Mapping[str, tuple[str, str]] = {
    "a name": ("UPDATE directory SET name = 'Mallory' WHERE recipient_id = '{ada}'", "changed"),
    "an address": ("UPDATE directory SET address = 'm@x.test' WHERE recipient_id = '{ada}'",
                   "changed"),
    "a row": ("DELETE FROM directory WHERE recipient_id = '{ada}'", "deleted"),
    "a workspace": ("UPDATE directory SET workspace = 'acme' WHERE recipient_id = '{ada}'",
                    "deleted"),
    "a salt": ("UPDATE directory SET salt = NULL WHERE recipient_id = '{ada}'", "changed"),
    "an id": ("UPDATE directory SET recipient_id = 'm' WHERE recipient_id = '{ada}'", "deleted"),
}  # fmt: skip


@pytest.mark.rule("F1")
@pytest.mark.parametrize("what", EDITS)
def test_what_somebody_changed_is_found(log: SignedLog, what: str) -> None:
    (ada, _) = import_people(log, [ADA, MORE])
    noted(log)
    code, told = held(log)
    assert (code, "Recipients in the directory: 2 as signed." in told) == (0, True), told
    assert checked(log)["findings"] == []

    sql, how = EDITS[what]
    with rows(log.url) as cursor:
        cursor.execute(sql.replace("{ada}", ada))

    assert is_found(log, ada, how)


def test_two_persons_whose_addresses_were_swapped_are_found(log: SignedLog) -> None:
    ids = import_people(log, [ADA, MORE])
    noted(log)
    with rows(log.url) as cursor:
        for whose, address in ((0, "-"), (1, ADA.address), (0, MORE.address)):
            cursor.execute(
                f"UPDATE directory SET address = '{address}' WHERE recipient_id = '{ids[whose]}'"
            )
    assert all(is_found(log, each, "changed") for each in ids)


@pytest.mark.parametrize("salt", ["salt", "NULL"])
def test_who_was_inserted_is_found(log: SignedLog, salt: str) -> None:
    import_people(log, [ADA])
    noted(log)
    with rows(log.url) as cursor:
        cursor.execute(
            "INSERT INTO directory (workspace, recipient_id, address, name, variables, salt)"
            f" SELECT workspace, 'made-up', 'm@x.test', name, variables, {salt} FROM directory"
        )
    assert is_found(log, "made-up", "inserted")


def test_a_row_that_was_brought_back_as_it_was_before_it_was_completed_is_found(
    log: SignedLog,
) -> None:
    (bea,) = import_people(log, [LESS])
    with rows(log.url) as cursor:
        cursor.execute("SELECT name, variables, salt FROM directory")
        (before,) = cursor.fetchall()
    import_people(log, [MORE])
    noted(log)
    assert held(log)[0] == 0
    mark = "%s" if log.url.startswith("postgresql") else "?"
    with rows(log.url) as cursor:
        sets = ", ".join(f"{each} = {mark}" for each in ("name", "variables", "salt"))
        cursor.execute(f"UPDATE directory SET {sets}", before)
    assert is_found(log, bea, "rolled back")


@pytest.mark.rule("F1")
def test_who_was_forgotten_and_is_back_is_found(log: SignedLog) -> None:
    (ada,) = import_people(log, [ADA])
    with rows(log.url) as cursor:
        cursor.execute(
            "SELECT workspace, recipient_id, address, name, variables, salt FROM directory"
        )
        (before,) = cursor.fetchall()
    with running(log.settings) as program:
        forget_people(program, [ada])
    noted(log)
    assert held(log)[0] == 0
    mark = "%s" if log.url.startswith("postgresql") else "?"
    with rows(log.url) as cursor:
        cursor.execute(f"INSERT INTO directory VALUES ({', '.join([mark] * 6)})", before)
    assert is_found(log, ada, "was forgotten, and is in the directory again")


def test_what_came_after_the_checkpoint_is_not_said_to_be_signed(log: SignedLog) -> None:
    import_people(log, [ADA])
    noted(log)
    import_people(log, [MORE])
    code, told = held(log)
    assert (code, "1 as signed; 1 recorded since" in told) == (0, True), told


def test_people_of_before_are_counted_and_committed_to_when_they_come_again(
    log: SignedLog,
) -> None:
    """As an older program has written them."""
    import_people(log, [])
    with running(log.settings) as program:
        (ada, bea) = program.opened.directory.enrol(PEOPLE, [ADA, MORE])
        command = import_recipients(ada, bea)
        program.engine.execute(PEOPLE, command, command_id=new_id(), actor="user:dana")
    noted(log)
    code, told = held(log)
    assert (code, "2 not committed to" in told) == (0, True), told
    assert checked(log)["findings"] == []

    import_people(log, [ADA])
    noted(log)
    assert "1 as signed; 1 not committed to" in held(log)[1]
    with rows(log.url) as cursor:
        cursor.execute(f"UPDATE directory SET {BECAME} WHERE recipient_id = '{ada}'")
    assert is_found(log, ada, "changed")


def test_who_is_suppressed_and_was_not_known_is_committed_to(log: SignedLog) -> None:
    with running(log.settings) as program:
        about = program.engine, program.opened.directory, PEOPLE, "user:dana", new_id
        assert Suppressing(*about).run([(1, ADA)]).people == 1
    noted(log)
    assert "1 as signed" in held(log)[1]
    with rows(log.url) as cursor:
        cursor.execute("SELECT recipient_id FROM directory")
        (ada,) = cursor.fetchone()
        cursor.execute("DELETE FROM directory")
    assert is_found(log, ada, "deleted")


# Who dies on the way leaves nothing that is called tampering.


def dies(commits: Commits, *, recorded: bool, second: bool) -> Commits:
    """At the first or the second of its calls, before or after that is recorded."""

    def commit(digests: Mapping[str, str], *, written: bool = False) -> None:
        if recorded or written is not second:
            commits(digests, written=written)
        if written is second:
            raise Crash

    return commit


@pytest.mark.parametrize("recorded", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("known", [(), (LESS,)], ids=["new", "completed"])
def test_a_crash_between_log_and_directory_is_no_tampering(
    log: SignedLog, known: tuple[Person, ...], *, recorded: bool, second: bool
) -> None:
    import_people(log, [ADA, *known])
    with running(log.settings) as program:
        commits = Committing(program.engine, PEOPLE, "user:dana")
        dying = dies(commits, recorded=recorded, second=second)
        if known or not second:
            with pytest.raises(Crash):
                program.opened.directory.enrol(PEOPLE, [MORE, ADA], commits=dying)
    noted(log)
    assert held(log)[0] == 0
    assert checked(log)["findings"] == []

    import_people(log, [MORE, ADA])
    noted(log)
    code, told = held(log)
    assert (code, "2 as signed." in told) == (0, True), told


def test_who_is_to_be_forgotten_and_is_there_is_told_and_no_tampering(log: SignedLog) -> None:
    """F1: the fact comes first; whoever dies then is to forget again."""
    (ada,) = import_people(log, [ADA])
    with running(log.settings) as program:
        command = ForgetRecipient(recipient_id=ada)
        program.engine.execute(PEOPLE, command, command_id=new_id(), actor="user:dana")
    noted(log)
    code, told = held(log)
    assert (code, f"{ada} of {PEOPLE} was to be forgotten" in told) == (0, True), told


def test_two_who_write_the_same_people_at_once_are_both_committed_to(log: SignedLog) -> None:
    """The second comes in while the first has told the log and not yet the directory."""
    import_people(log, [LESS])
    with running(log.settings) as one, running(log.settings) as other:
        commits = Committing(one.engine, PEOPLE, "user:dana")

        def interrupted(digests: Mapping[str, str], *, written: bool = False) -> None:
            commits(digests, written=written)
            if not written:
                take(other, [MORE._replace(name="Beatrix"), ADA])

        ids = one.opened.directory.enrol(PEOPLE, [MORE, ADA], commits=interrupted)
        assert one.opened.directory.people(PEOPLE, ids)[ids[0]].name == "Beatrix"
    noted(log)
    code, told = held(log)
    assert (code, "2 as signed." in told) == (0, True), told


@pytest.mark.rule("F1")
def test_a_thousand_erasures_break_no_proof(url: str, tmp_path: Path) -> None:
    case = proved_case(url, tmp_path)
    ids = import_people(case.log, crowd(1_010))
    case.log.export(case.log.folder)
    case.log.note()
    file = tmp_path / "case.json"
    assert case.prove(case.failed, file)[0] == 0
    with rows(url) as cursor:
        cursor.execute("SELECT recipient_id, salt FROM directory")
        salts = {each: bytes(salt) for each, salt in cursor.fetchall() if salt is not None}
    assert len({*salts.values()}) == 1_010

    with running(case.log.settings) as program:
        forget_all(program, ids[:1_000])
    case.forget(case.failed)
    case.log.export(case.log.folder)

    code, told = case.log.held_against_the_note()
    assert (code, "10 as signed" in told) == (0, True), told
    assert case.by_the_house(file)
    assert case.by_the_script(file)
    if not url.startswith("postgresql"):
        octets = b"".join(each.read_bytes() for each in Path(url).parent.glob("store.db*"))
        assert [each for each in ids[:1_000] if salts[each] in octets] == []
        assert all(salts[each] in octets for each in ids[1_000:])


def forget_all(program: Program, ids: list[str]) -> None:
    """A fact each, and the directory once: it writes its table anew each time."""
    facts = [Request(ForgetRecipient(recipient_id=each), new_id(), "user:dana") for each in ids]
    program.engine.execute_page(PEOPLE, facts)
    end: Callable[[], int] = program.opened.store.last_position
    assert program.opened.directory.forget(PEOPLE, dict.fromkeys(ids, ()), end())
