"""F1: who a recipient is stands in the directory, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.people import Person
from adapters.sqlite import SQLiteStore
from adapters.sqlite.directory import SQLiteDirectory

ADA = Person("ada@example.com", "Ada Abara", {"company": "Zoë & Söhne"})
BEA = Person("bea@example.com", "Bea")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "store.db")
    yield store
    store.close()


def test_a_person_is_found_again(store: SQLiteStore) -> None:
    directory = SQLiteDirectory(store)
    ada, bea = directory.enrol("main", [ADA, BEA])
    assert directory.person("main", ada) == ADA
    assert directory.person("main", bea) == BEA


def test_ids_say_nothing(store: SQLiteStore) -> None:
    (ada,) = SQLiteDirectory(store).enrol("main", [ADA])
    (other,) = SQLiteDirectory(store).enrol("other", [ADA])
    assert ada != other
    assert len(ada) == 20
    assert int(ada, 16)


def test_a_known_address_keeps_its_id(store: SQLiteStore) -> None:
    (ada,) = SQLiteDirectory(store).enrol("main", [ADA])
    again = SQLiteDirectory(store).enrol("main", [BEA, ADA._replace(name="Another"), ADA])
    assert again[1:] == [ada, ada]
    assert SQLiteDirectory(store).person("main", ada) == ADA


def test_workspaces_know_nothing_of_each_other(store: SQLiteStore) -> None:
    directory = SQLiteDirectory(store)
    (ada,) = directory.enrol("main", [ADA])
    assert directory.person("other", ada) is None


def test_all_are_enrolled_or_none(store: SQLiteStore) -> None:
    directory = SQLiteDirectory(store)

    def breaking_off() -> Iterator[Person]:
        yield ADA
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        directory.enrol("main", breaking_off())
    ids = directory.enrol("main", [ADA])
    assert directory.person("main", ids[0]) == ADA
    assert len(directory.enrol("main", [ADA, BEA])) == 2


def test_hostile_values_are_only_values(store: SQLiteStore) -> None:
    directory = SQLiteDirectory(store)
    bobby = Person("a'b@example.com", "Robert'); DROP TABLE directory;--", {"x": "\x00'\""})
    (bobby_id,) = directory.enrol("main", [bobby])
    assert directory.person("main", bobby_id) == bobby
