"""A provider that is really asked, and a store with a vault for what it gives."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.composition.mailboxes import accesses_of, endpoints, providers, tokens_over
from adapters.composition.programs import Program, running
from adapters.mail.oauth.consent import Authority
from adapters.mail.oauth.endpoint import Endpoint
from adapters.mail.oauth.provider import Provider
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.world import Served
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from adapters.stores.opening import migrate
from engine.work.access import Accesses
from engine.work.tokens import Tokens
from tests.mail.oauth.registering import registered
from tests.workplace import ACME


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def served(sandbox: Sandbox) -> Served:
    return sandbox.served()


@pytest.fixture
def settings(served: Served, tmp_path: Path) -> EngineSettings:
    found = load_settings(**registered(served, tmp_path))
    migrate(found)
    return found


@pytest.fixture
def program(settings: EngineSettings) -> Iterator[Program]:
    with running(settings) as program:
        yield program


@pytest.fixture
def google(settings: EngineSettings) -> Provider:
    return providers(settings)["google"]


@pytest.fixture
def asked_at(program: Program, settings: EngineSettings) -> Mapping[str, Endpoint]:
    return endpoints(program.opened, settings)


@pytest.fixture
def authority(asked_at: Mapping[str, Endpoint], program: Program) -> Authority:
    return Authority(asked_at["google"], program.opened.store.now)


@pytest.fixture
def accesses(program: Program, settings: EngineSettings) -> Accesses:
    return accesses_of(program.opened, settings, ACME)


@pytest.fixture
def tokens(program: Program, settings: EngineSettings) -> Tokens:
    return tokens_over(program.opened, settings, ACME)
