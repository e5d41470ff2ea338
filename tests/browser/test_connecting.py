"""C1, T1: a mailbox of Google is connected in the console, with its owner's consent."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from adapters.composition.access import staff_of
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.permissions import Role
from engine.work.staff import Member, kept_form
from tests.browser.conftest import sign_in
from tests.browser.place import ADMIN, PASSWORD, Place
from tests.http.desks import desk_of
from tests.law.story import ANN


def test_from_the_list_of_accounts_to_the_provider_and_back(
    chromium: Browser, tmp_path: Path
) -> None:
    with (
        Sandbox([(ANN, "ann-secret")]) as sandbox,
        desk_of(sandbox, tmp_path, str(tmp_path / "s.db")) as desk,
    ):
        staff_of(desk.program.opened).add(Member(ADMIN, Role.ADMIN, None, kept_form(PASSWORD)))
        place = Place(f"http://127.0.0.1:{desk.port}", desk.program)
        # The provider's certificate is the sandbox's own.
        with chromium.new_context(base_url=place.url, ignore_https_errors=True) as context:
            sign_in(context, place, ADMIN)
            page = context.new_page()
            page.goto("/lists/accounts")
            page.get_by_role("link", name="Connect with Google or Microsoft").click()
            page.get_by_label("Account id").fill(ANN)
            page.get_by_label("Slot id").fill("s1")
            page.get_by_label("Provider").fill("google")
            page.get_by_role("button", name="Do it").click()
            page.get_by_role("link", name="Open the owner's page here").click()
            page.get_by_role("button", name="Connect at Google").click()
            page.get_by_label(ANN).check()
            page.get_by_role("button", name="Allow").click()
            expect(page.get_by_role("heading", name="Connected")).to_be_visible()
            page.goto(f"/accounts/{ANN}")
            expect(page.locator(".answer")).to_contain_text("It is successful")
