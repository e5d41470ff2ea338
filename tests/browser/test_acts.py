"""Every dangerous act, from its button to the event, by a person at a browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.decoding import decode_page
from tests.browser.conftest import browsing, sign_in
from tests.browser.place import Place
from tests.law.story import REPLIED, signal


def _recorded(place: Place, after: int) -> list[str]:
    """Names of the events that came after that position."""
    store = place.program.opened.store
    return [type(each.event).__name__ for each in decode_page(store.read(after, 1_000), after)]


def test_a_disconnect_shows_its_cost_first_and_is_done_by_the_keyboard_alone(
    page: Page, place: Place
) -> None:
    """T2"""
    page.goto("/accounts/ann%40acme.test")
    page.get_by_role("link", name="What would a disconnect cost?").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="What would happen")).to_contain_text("spring")
    before = place.position
    page.get_by_role("button", name="Do it").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card.good")).to_contain_text("Done.")
    assert "AccountDisconnected" in _recorded(place, before)


def test_an_act_needs_no_script(chromium: Browser, place: Place) -> None:
    with browsing(chromium, place, java_script_enabled=False) as context:
        sign_in(context, place, "admin-of-all")
        page = context.new_page()
        page.goto("/accounts/ann%40acme.test")
        page.get_by_role("link", name="What would a disconnect cost?").click()
        before = place.position
        page.get_by_role("button", name="Do it").click()
        expect(page.locator(".card.good")).to_contain_text("Done.")
        assert "AccountDisconnected" in _recorded(place, before)


def test_a_button_that_is_pressed_twice_acts_once(page: Page, place: Place) -> None:
    page.goto("/act/pause_campaign?campaign_id=solo")
    form = page.locator("main form").evaluate(
        "form => Object.fromEntries(new FormData(form).entries())"
    )
    before = place.position
    answers = [page.request.post("/act/pause_campaign", form=form) for _ in range(2)]
    assert [each.status for each in answers] == [200, 200]
    assert _recorded(place, before) == ["CampaignPaused"]


def test_what_changed_since_it_was_shown_is_shown_again(page: Page, place: Place) -> None:

    page.goto("/act/forget_recipient?recipient_id=r4")
    engine = place.program.engine
    (replied,) = signal(REPLIED, "r4")
    engine.execute("acme", replied, command_id="meanwhile", actor="user:test")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("alert")).to_contain_text("Look at the new preview")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".card.good")).to_contain_text("Done.")


def test_a_person_is_suppressed_and_forgotten(page: Page, place: Place) -> None:
    """M7, F1"""
    page.goto("/campaigns/spring/recipients/r4")
    page.get_by_role("link", name="Never write to this person again").click()
    before = place.position
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".card.good")).to_be_visible()
    page.goto("/campaigns/spring/recipients/r4")
    page.get_by_role("link", name="Forget this person").click()
    expect(page.get_by_role("region", name="What would happen")).to_contain_text("r4")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".card.good")).to_be_visible()
    assert {"PersonSuppressed", "RecipientForgotten"} <= {*_recorded(place, before)}


def test_a_fleet_is_reconnected_after_a_preview(page: Page, place: Place) -> None:
    """R1"""
    page.goto("/")
    page.get_by_role("link", name="Reconnect every failed account").click()
    expect(page.get_by_role("region", name="What would happen")).to_contain_text("bob@acme.test")
    before = place.position
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".card.good")).to_be_visible()
    assert _recorded(place, before).count("OneClickReconnected") == 2


def test_the_law_says_no_in_its_own_words(page: Page, place: Place) -> None:
    """T1"""
    before = place.position
    page.goto("/act/start_campaign?campaign_id=spring")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert _recorded(place, before) == []


@pytest.mark.parametrize("role", ["viewer", "auditor", "consumer", "support"])
def test_who_may_not_disconnect_is_offered_nothing_and_refused(
    chromium: Browser, place: Place, role: str
) -> None:
    with browsing(chromium, place) as context:
        sign_in(context, place, f"{role}-of-all")
        page = context.new_page()
        answer = page.goto("/act/disconnect_account?account_id=ann@acme.test")
        assert answer is not None
        assert answer.status == 403


def test_a_form_from_elsewhere_is_refused(page: Page, place: Place) -> None:
    page.goto("/act/pause_campaign?campaign_id=solo")
    before = place.position
    form: dict[str, str | float | bool] = {"campaign_id": "solo", "key": "k", "csrf": "0" * 32}
    assert page.request.post("/act/pause_campaign", form=form).status == 403
    assert _recorded(place, before) == []
