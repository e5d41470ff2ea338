"""What stands for a person where the person must not stand: random ids, keyed digests (F1)."""

import hmac
import json
import secrets
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as _text

from engine.work.addresses import ascii_form
from engine.work.ports import Person
from events.vocabulary import RecipientId

ID_OCTETS = 10
COMMON_OCTETS = 4
KEY_OCTETS = 32
GIVEN = "email"
"""The variable that keeps an address as it was given, where it is not stored so."""
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def random_key() -> bytes:
    """With which a workspace digests the addresses of those it forgot."""
    return secrets.token_bytes(KEY_OCTETS)


def digest(key: bytes, address: str) -> str:
    return hmac.digest(key, address.encode(), "sha256").hex()


def random_ids(count: int) -> list[RecipientId]:
    """Those of one call begin alike and are in order: they stand together in the index."""
    width = 2 * (ID_OCTETS - COMMON_OCTETS)
    common = secrets.token_hex(COMMON_OCTETS)
    text = secrets.token_hex((ID_OCTETS - COMMON_OCTETS) * count) if count else ""
    return sorted(common + text[at : at + width] for at in range(0, len(text), width))


def newcomers(people: Sequence[Person], known: Container[str]) -> dict[str, Person]:
    """By address, each as first mentioned, without the addresses that are known."""
    return {each.address: each for each in reversed(people) if each.address not in known}


def variables_text(person: Person) -> str:
    """The variables as a directory keeps them: ``_encode`` by hand, in a third of the time."""
    told, labels = person.variables, _labels(tuple(person.variables))
    return f"{{{', '.join([label + _text(told[name]) for name, label in labels])}}}"


@lru_cache(8)
def _labels(names: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    """The names in order, each with what stands before its value: people of one list share them."""
    return [(name, f"{_text(name)}: ") for name in sorted(names)]


def completed(name: str, variables: str, given: Person) -> tuple[str, str] | None:
    """Name and variables of a directory's columns with what they lack; None when that is nothing.

    What is there stays: somebody may have been written to with it.
    """
    told = json.loads(variables)
    added = {
        each: value
        for each, value in given.variables.items()
        if value and not told.get(each) and each != GIVEN
    }
    if not added and (name or not given.name):
        return None
    return name or given.name, _encode({**told, **added})


def as_stored(people: Iterable[Person]) -> list[Person]:
    """By the address in its ASCII form, so that either form of a domain finds the same person."""
    return [each if each.address.isascii() else _stored(each) for each in people]


def stored_address(address: str) -> str:
    """As people are found by it; what has no ASCII form finds nobody."""
    try:
        return ascii_form(address)
    except ValueError:
        return address


def person_of(address: str, name: str, variables: str) -> Person:
    """The person of a directory's columns, the address as it was given."""
    told = json.loads(variables)
    given = told.get(GIVEN, "")
    if given.isascii() or stored_address(given) != address:
        return Person(address, name, told)
    return Person(told.pop(GIVEN), name, told)


def _stored(person: Person) -> Person:
    given = person.address
    return Person(stored_address(given), person.name, {**person.variables, GIVEN: given})
