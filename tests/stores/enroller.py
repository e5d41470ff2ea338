"""Another process that enrols a crowd, in an order of its own, when it is told to.

``python -m tests.stores.enroller <file or URL of the store> <seed>``; says ``ready``, waits for a
line, and answers address and id of each, in order of address.
"""

import random
import sys
from pathlib import Path

from adapters.stores.postgres.directory import PostgresDirectory
from adapters.stores.postgres.store import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.directory import SQLiteDirectory
from engine.work.ports import Directory, Person
from tests.workplace import ACME


def main(store: str, seed: str) -> None:
    directory = opened(store)
    people = [Person(f"{number}@example.org") for number in range(5_000)]
    random.Random(seed).shuffle(people)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    ids = zip(people, directory.enrol(ACME, people), strict=True)
    sys.stdout.writelines(sorted(f"{person.address} {each}\n" for person, each in ids))


def opened(store: str) -> Directory:
    if "://" in store:
        return PostgresDirectory(PostgresStore(store))
    return SQLiteDirectory(SQLiteStore(Path(store)))


if __name__ == "__main__":
    main(*sys.argv[1:])
