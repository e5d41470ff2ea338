"""One broker for a session, a topic of its own for each test, and stores with something to tell."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.stream.broker import VARIABLE, Broker, NamedBroker
from tests.stream.ledger import Ledger

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def broker() -> Iterator[NamedBroker]:
    """One a session, ours unless the environment names another."""
    named = os.environ.get(VARIABLE)
    with NamedBroker(named) if named else Broker() as found:
        yield found


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """For one test alone, which may stop it, kill it and start it again."""
    if VARIABLE in os.environ:
        pytest.skip(f"the broker that {VARIABLE} names is not ours to stop")
    with Broker() as found:
        yield found


@pytest.fixture
def topic() -> str:
    return f"test-{os.getpid()}-{next(_NUMBERS)}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as found:
        yield found
