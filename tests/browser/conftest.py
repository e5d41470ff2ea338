"""A real browser on the console of a real server, over a history in which much happened."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from adapters.composition.programs import running
from adapters.composition.proofs import sequencer_of, signers_of
from adapters.composition.serving_http import http_served
from adapters.proof.signing import make_keys
from adapters.settings.loading import load_settings
from adapters.stores.clocks import system_clock
from engine.projecting import ProjectionRunner
from engine.work.permissions import Role
from engine.work.staff import Member, kept_form
from projections.shipped import SHIPPED
from tests.browser.place import ADMIN, PASSWORD, Place
from tests.law.story import BOB, fail
from tests.workplace import ACME, much_happens, on_file

AXE = Path(__file__).parents[2] / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "there is no chromium here: .ci/install-servers installs it"
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root, which continuous integration is.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Bob's account has failed just now, so a clock runs; Ann's disconnect stopped somebody.

    All of it is signed."""
    path = tmp_path / "ledger.db"
    workplace = much_happens(on_file(path))
    workplace.at(system_clock() - timedelta(minutes=1)).given(fail(BOB))
    workplace.store.close()
    key, tiles = tmp_path / "proof.key", tmp_path / "tree"
    signing = {"proof_key_file": key, "proof_folder": tiles}
    settings = load_settings(store=path, workspace=ACME, http="127.0.0.1:0", **signing)
    make_keys(key)
    with running(settings) as program:
        sequencer_of(program.opened, signers_of(settings, program.opened.store), tiles).advance()
        ProjectionRunner(program.opened.store, program.opened.views, SHIPPED).keep_up()
        with http_served(program) as port:
            assert port is not None
            found = Place(f"http://127.0.0.1:{port}", program)
            form = kept_form(PASSWORD)
            for role in Role:
                found.staff.add(Member(f"{role}-of-all", role, None, form))
            yield found


@pytest.fixture
def context(chromium: Browser, place: Place) -> Iterator[BrowserContext]:
    """Signed in as an administrator. A request that leaves the host fails the test."""
    with browsing(chromium, place) as found:
        sign_in(found, place, ADMIN)
        yield found


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """What a page says at its console, or throws, fails the test."""
    found = context.new_page()
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            said.append(message.text)

    found.on("console", hear)
    found.on("pageerror", lambda error: said.append(str(error)))
    yield found
    assert said == []


@contextmanager
def browsing(browser: Browser, place: Place, **more: object) -> Iterator[BrowserContext]:
    elsewhere: list[str] = []
    with ExitStack() as stack:
        found = browser.new_context(base_url=place.url, **more)  # type: ignore[arg-type]
        stack.callback(found.close)
        found.on(
            "request",
            lambda asked: elsewhere.append(asked.url) if not place.has(asked.url) else None,
        )
        yield found
    assert not elsewhere


def sign_in(context: BrowserContext, place: Place, name: str) -> None:
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{place.url}/")
    page.close()
