"""One Dovecot for the tests of this folder, with a relay and a provider of tokens."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from adapters.mail.sandbox.sandbox import Sandbox
from tests.mail.relays import LocalRelay, running
from tests.mail.servers.dovecot import Dovecot, User

ANN = User("ann@sandbox.test", "ann-secret")
GONE = User("gone@sandbox.test", "gone-secret", suspended="Account_suspended")


class Site(NamedTuple):
    """A mail server, the relay it submits to, and who issues tokens for it."""

    dovecot: Dovecot
    relay: LocalRelay
    provider: Sandbox


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    relay = LocalRelay()
    with Sandbox() as provider, running(relay) as port:
        introspect = f"{provider.served()['oauth']['plain']}/introspect"
        with Dovecot([ANN, GONE], relay=port, introspect=introspect) as dovecot:
            yield Site(dovecot, relay, provider)
