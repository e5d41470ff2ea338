"""A workspace whose people came in by imports, so that the log commits to each of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import psycopg

from adapters.composition.programs import Program, running
from aggregates.recipient import ForgetRecipient
from engine.work.forgetting import Forgetters, forget
from engine.work.import_recipients import Import
from engine.work.ports import Line, Person, RejectedLine
from tests.law.story import ANN, SPRING, connect, create
from tests.proving.signed_log import SignedLog

PEOPLE = "people"
"""The workspace."""
_IDS = count(1)


class Listed:
    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people

    def lines(self) -> Iterator[Line]:
        yield from enumerate(self._people, 2)


def crowd(number: int) -> list[Person]:
    return [
        Person(f"p{each:05}@example.org", f"Person {each}", {"city": f"City {each}"})
        for each in range(number)
    ]


def import_people(log: SignedLog, people: Sequence[Person]) -> list[str]:
    """Into a campaign, which is made where there is none. Answers their ids."""
    with running(log.settings) as program:
        for command in (connect(ANN), create(ANN, to=[])):
            program.engine.execute(PEOPLE, command, command_id=new_id(), actor="user:dana")
        take(program, people)
        found = [program.opened.directory.recipient_at(PEOPLE, each.address) for each in people]
    return [each for each in found if each is not None]


def take(program: Program, people: Sequence[Person]) -> None:
    rejected: list[RejectedLine] = []
    directory = program.opened.directory
    about = PEOPLE, SPRING, "user:dana", rejected.append, new_id
    Import(program.engine, directory, *about).run(Listed(people))
    assert rejected == []


def forget_people(program: Program, ids: Sequence[str]) -> None:
    """As the command does it: a fact each, then the directory."""
    keep = Forgetters(program.opened.directory, program.opened.evidence)
    for each in ids:
        command = ForgetRecipient(recipient_id=each)
        program.engine.execute(PEOPLE, command, command_id=new_id(), actor="user:dana")
        end = program.opened.store.last_position
        assert forget(keep, PEOPLE, each, end, list, suppressed=lambda: False) is not None


def new_id() -> str:
    return f"people-{next(_IDS)}"


@contextmanager
def rows(url: str) -> Iterator[Any]:
    """A cursor of somebody who goes past the program."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as server, server.cursor() as cursor:
            yield cursor
    else:
        with closing(sqlite3.connect(url)) as file:
            yield file.cursor()
            file.commit()
