"""Every page of the console, in a real browser."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import browsing, sign_in
from tests.browser.place import ADMIN, Place
from tests.law.story import pause

CASE = "/campaigns/spring/recipients/r1"
PAGES = (
    *("/", "/lists/campaigns", "/lists/accounts", "/accounts/ann%40acme.test", "/campaigns/spring"),
    *("/search?q=nobody", CASE, "/log", "/log/63", "/past", "/past?from=1&to=40", "/machine"),
    "/lists/campaigns_campaign_id_recipients?campaign_id=spring",
)
THEN = "2026-03-02T12:30:00Z"


def _serious(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{each['id']}: {json.dumps([node['html'] for node in each['nodes']])[:300]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_finding_of_axe(
    chromium: Browser, place: Place, axe: str, scheme: str
) -> None:
    with browsing(chromium, place, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto("/sign-in")
        found = {"/sign-in": _serious(page, axe)}
        sign_in(context, place, ADMIN)
        for path in PAGES:
            page.goto(path)
            found[path] = _serious(page, axe)
    assert {path: each for path, each in found.items() if each} == {}


def test_a_phone_scrolls_down_and_not_across(chromium: Browser, place: Place) -> None:
    with browsing(chromium, place, viewport={"width": 360, "height": 740}) as context:
        sign_in(context, place, ADMIN)
        page = context.new_page()
        wide = []
        for path in PAGES:
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(path)
    assert wide == []


def test_pages_can_be_read_without_a_script(chromium: Browser, place: Place) -> None:
    with browsing(chromium, place, java_script_enabled=False) as context:
        sign_in(context, place, ADMIN)
        page = context.new_page()
        for path in PAGES:
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
        page.goto(CASE)
        expect(page.locator("#case")).to_contain_text("became Campaign Stopped")
        expect(page.locator("svg.chain")).to_be_visible()


def test_a_case_is_two_steps_away_by_its_id(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Address, id or campaign").fill("r5")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("r5")
    expect(page.locator("#case")).to_contain_text("Campaign Stopped")


def test_every_event_of_the_chain_is_one_click_away(page: Page) -> None:
    page.goto(CASE)
    page.locator("svg.chain a").filter(has_text="Grace period expired").click()
    expect(page.locator("h1")).to_contain_text("GracePeriodExpired")


def test_a_clock_counts_down(page: Page) -> None:
    page.goto("/")
    clock = page.locator("time[data-countdown]").first
    before = clock.inner_text()
    expect(clock).not_to_have_text(before, timeout=3_000)
    assert before.startswith("in 8 d 23:5")


def test_trying_tells_who_would_have_been_saved_and_writes_nothing(
    page: Page, place: Place
) -> None:
    before = place.position
    page.goto(CASE)
    page.get_by_label("An act at a moment").select_option("reconnect ann@acme.test")
    page.get_by_label("When (UTC)").fill(THEN)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#outcome")).to_contain_text("would have been refused")
    assert place.position == before


def test_the_past_stays_in_every_link(page: Page) -> None:
    page.goto(f"/?at={THEN}")
    expect(page.locator(".past")).to_contain_text("As it was recorded at 2026-03-02 12:30:00")
    page.get_by_role("link", name="Accounts", exact=True).click()
    expect(page.locator("tbody tr").filter(has_text="ann@acme.test")).to_contain_text(
        "disconnected"
    )
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator("tbody tr").filter(has_text="ann@acme.test")).to_contain_text("successful")


def test_the_slider_goes_to_a_moment(page: Page) -> None:
    page.goto("/past")
    slider = page.get_by_label("Moment")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".past")).to_be_visible()


def test_the_log_is_live(page: Page, place: Place) -> None:
    page.goto("/log")
    newest = page.locator("#events tbody tr").first
    before = newest.inner_text()
    engine = place.program.engine
    engine.execute("acme", pause(), command_id="live", actor="user:test")
    expect(newest).not_to_have_text(before, timeout=6_000)


def test_a_view_of_the_log_is_kept_on_the_server(page: Page) -> None:
    page.goto("/log?type=RecipientStopped")
    page.get_by_label("save this view as").fill("stops")
    page.get_by_role("button", name="Save").click()
    page.goto("/log")
    page.get_by_role("link", name="stops").click()
    kinds = page.locator("#events tbody td[data-label=type]").all_inner_texts()
    assert {*kinds} == {"RecipientStopped"}


def test_the_keyboard_alone_leads_to_a_case(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Address, id or campaign")).to_be_focused()
    page.keyboard.type("r1")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("r1")


def test_pages_weigh_little(page: Page) -> None:
    """150 kB at most, everything that they load included."""
    heavy = {}
    for path in PAGES:
        page.goto(path, wait_until="load")
        octets = page.evaluate(
            "performance.getEntries().reduce((sum, each) => sum + (each.decodedBodySize || 0), 0)"
        )
        if octets > 150_000:
            heavy[path] = octets
    assert heavy == {}


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(
    chromium: Browser, place: Place
) -> None:
    with browsing(chromium, place) as context:
        page = context.new_page()
        page.goto(CASE)
        expect(page.get_by_label("Password")).to_be_visible()
        page.get_by_label("Name").fill(ADMIN)
        page.get_by_label("Password").fill("wrong, and long enough")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not fit")


def test_a_viewer_sees_no_case(chromium: Browser, place: Place) -> None:
    with browsing(chromium, place) as context:
        sign_in(context, place, "viewer-of-all")
        page = context.new_page()
        answer = page.goto(CASE)
        assert answer is not None
        assert answer.status == 403


def test_signing_out_ends_the_session(context: BrowserContext, page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto("/")
    expect(page.get_by_label("Password")).to_be_visible()
    assert context.cookies() == []
