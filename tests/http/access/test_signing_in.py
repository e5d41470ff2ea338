"""Signing in: once by a link, by a password; for how long; and what others may not do with it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from adapters.composition.access import staff_of
from adapters.http.console.signing_in import own_path
from engine.work.permissions import Role
from engine.work.staff import IDLE, LONGEST
from tests.http.access.conftest import PASSWORD, Office

COOKIE = "sendledger"


def _csrf(browser: requests.Session, url: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', browser.get(f"{url}/log").text)
    assert found
    return found[1]


def _is_signed_in(browser: requests.Session, url: str) -> bool:
    return browser.get(f"{url}/", allow_redirects=False).status_code == 200


def test_the_first_one_comes_by_a_link_that_is_printed_and_works_once(place: Office) -> None:
    found = re.search(r"http://\S+/welcome/\S+", place.said)
    assert found
    first = place.browser()
    assert "Welcome, admin" in first.get(found[0]).text
    assert first.post(found[0], {"password": "short"}).status_code == 422
    assert first.post(found[0], {"password": PASSWORD}).status_code == 200
    assert _is_signed_in(first, place.url)
    again = place.browser().post(found[0], {"password": "another long password"})
    assert again.status_code == 404


def test_a_link_is_over_after_a_day(place: Office) -> None:
    found = re.search(r"http://\S+/welcome/\S+", place.said)
    assert found
    place.clock.time += timedelta(hours=25)
    assert place.browser().post(found[0], {"password": PASSWORD}).status_code == 404


def test_a_wrong_password_and_an_unknown_name_look_the_same(place: Office) -> None:
    told = [
        place.browser().post(f"{place.url}/sign-in", {"name": name, "password": "wrong enough"})
        for name in ("ann", "nobody")
    ]
    assert {each.status_code for each in told} == {403}
    assert told[0].text == told[1].text


def test_another_site_signs_nobody_in(place: Office) -> None:
    browser = place.browser()
    answer = browser.post(
        f"{place.url}/sign-in",
        {"name": "ann", "password": PASSWORD},
        headers={"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert not _is_signed_in(browser, place.url)


def test_after_five_failures_even_the_right_password_waits(place: Office) -> None:
    for _ in range(5):
        place.browser().post(f"{place.url}/sign-in", {"name": "ann", "password": "wrong"})
    answer = place.browser().post(f"{place.url}/sign-in", {"name": "ann", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 600


def test_a_session_ends_when_it_is_not_used(place: Office) -> None:
    ann = place.signed_in()
    place.clock.time += IDLE - timedelta(minutes=2)
    assert _is_signed_in(ann, place.url)
    place.clock.time += IDLE + timedelta(minutes=1)
    assert not _is_signed_in(ann, place.url)


def test_a_session_ends_after_half_a_day_however_it_is_used(place: Office) -> None:
    ann = place.signed_in()
    for _ in range(int(LONGEST / timedelta(minutes=20))):
        place.clock.time += timedelta(minutes=20)
        _is_signed_in(ann, place.url)
    place.clock.time += timedelta(minutes=1)
    assert not _is_signed_in(ann, place.url)


def test_a_session_that_somebody_planted_is_not_the_one_after_signing_in(place: Office) -> None:
    browser = place.browser()
    browser.cookies.set(COOKIE, "planted", domain="127.0.0.1", path="/")
    browser.post(f"{place.url}/sign-in", {"name": "ann", "password": PASSWORD})
    assert "planted" not in browser.cookies.values()
    thief = place.browser()
    thief.cookies.set(COOKIE, "planted", domain="127.0.0.1", path="/")
    assert not _is_signed_in(thief, place.url)


def test_who_changed_or_went_is_signed_out(place: Office) -> None:
    ann, vic = place.signed_in(), place.signed_in("vic")
    staff = staff_of(place.program.opened)
    before = staff.member("ann")
    assert before is not None
    staff.change(before._replace(role=Role.VIEWER))
    staff.remove("vic")
    assert not _is_signed_in(ann, place.url)
    assert not _is_signed_in(vic, place.url)


def test_signing_out_everywhere_ends_every_session_of_the_person(place: Office) -> None:
    here, there, vic = place.signed_in(), place.signed_in(), place.signed_in("vic")
    form = {"csrf": _csrf(here, place.url), "everywhere": "yes"}
    here.post(f"{place.url}/sign-out", form)
    assert not _is_signed_in(there, place.url)
    assert _is_signed_in(vic, place.url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(place: Office, headers: dict[str, str]) -> None:
    ann = place.signed_in()
    before = place.program.opened.store.last_position()
    form = {"csrf": _csrf(ann, place.url), "campaign_id": "solo", "key": "k"}
    answer = ann.post(f"{place.url}/act/pause_campaign", form, headers=headers)
    assert answer.status_code == 403
    assert place.program.opened.store.last_position() == before


@pytest.mark.parametrize("csrf", ["", "0" * 32, "of another session"])
def test_a_form_without_its_own_sessions_token_changes_nothing(place: Office, csrf: str) -> None:
    ann, vic = place.signed_in(), place.signed_in("vic")
    given = _csrf(place.signed_in(), place.url) if csrf == "of another session" else csrf
    form = {"csrf": given, "campaign_id": "solo", "key": "k"}
    assert ann.post(f"{place.url}/act/pause_campaign", form).status_code == 403
    assert vic.post(f"{place.url}/v1/campaigns/solo/pause", "{}").status_code == 403


def test_a_session_calls_the_api_for_reading_and_with_its_token_for_acting(place: Office) -> None:
    ann = place.signed_in()
    assert ann.get(f"{place.url}/v1/accounts").status_code == 200
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    path = f"{place.url}/v1/campaigns/solo/pause"
    assert ann.post(path, "{}", headers=headers).status_code == 403
    token = {"X-CSRF-Token": _csrf(ann, place.url)}
    assert ann.post(path, "{}", headers=headers | token).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        *("//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", "javascript:x"),
        *("/\t/evil.test", "/\nevil", "evil.test", "", "///evil.test", "/%0d%0aSet-Cookie:x=1\r\n"),
    ],
)
def test_nobody_is_sent_to_another_host(place: Office, wanted: str) -> None:
    assert own_path(wanted) == "/"
    answer = place.browser().post(
        f"{place.url}/sign-in",
        {"name": "ann", "password": PASSWORD, "next": wanted},
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "/"
    assert {*answer.headers} & {"X", "Evil"} == set()


def test_who_asked_for_a_page_comes_back_to_it(place: Office) -> None:
    browser = place.browser()
    asked = browser.get(f"{place.url}/campaigns/spring?at=2026-03-02T12:30:00Z")
    assert "/sign-in?next=" in asked.url
    wanted = re.search(r'name="next" value="([^"]+)"', asked.text)
    assert wanted
    form = {"name": "ann", "password": PASSWORD, "next": wanted[1]}
    back = browser.post(f"{place.url}/sign-in", form)
    assert back.url == f"{place.url}/campaigns/spring?at=2026-03-02T12:30:00Z"


def test_every_answer_has_strict_headers(place: Office) -> None:
    ann = place.signed_in()
    for path in ("/", "/v1/accounts", "/static/console.css", "/nothing", "/livez", "/sign-in"):
        headers = ann.get(f"{place.url}{path}").headers
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(place: Office) -> None:
    answer = place.browser().post(
        f"{place.url}/sign-in", {"name": "ann", "password": PASSWORD}, allow_redirects=False
    )
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert PASSWORD not in cookie


def test_nothing_secret_is_in_the_file(place: Office) -> None:
    ann = place.signed_in()
    (secret,) = ann.cookies.values()
    octets = b"".join(each.read_bytes() for each in _files(place))
    assert PASSWORD.encode() not in octets
    assert secret.encode() not in octets


def _files(place: Office) -> list[Path]:
    path = Path(place.program.settings.store)
    return [*path.parent.glob(f"{path.name}*")]
