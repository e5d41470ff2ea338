"""Signing in at a provider of OpenID Connect, which a test has say right and wrong things."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.http.access.conftest import Office, office
from tests.http.access.provider import CLIENT, Provider, running


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as found:
        yield found


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], provider: Provider
) -> Iterator[Office]:
    roles = {"ledger-admin": "admin", "ledger-support": "support"}
    with office(
        tmp_path / "ledger.db",
        capsys,
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret="shared",  # noqa: S106
        oidc_roles=roles,
    ) as found:
        yield found


def _answered(place: Office, provider: Provider, **changed: str) -> requests.Response:
    browser = place.browser()
    sent = browser.post(f"{place.url}/sign-in/provider", {"next": "/log"}, allow_redirects=False)
    asked = provider.remember(sent.headers["Location"])
    query = {"code": "c", "state": asked["state"], **changed}
    return browser.get(f"{place.url}/sign-in/answer", params=query)


def test_who_the_provider_vouches_for_is_signed_in_and_goes_on(
    place: Office, provider: Provider
) -> None:
    answer = _answered(place, provider)
    assert answer.url == f"{place.url}/log"
    assert "sso:eve@acme.test".removeprefix("sso:") in answer.text
    assert provider.asked["code_challenge_method"] == "S256"
    assert "Nobody can sign in yet" not in place.said


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.test"},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"sub": None},
        {"groups": ["others"]},
        {"groups": None},
    ],
)
def test_what_does_not_fit_signs_nobody_in(
    place: Office, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = _answered(place, provider)
    assert answer.status_code == 403
    assert "could not be signed in" in answer.text
    assert "sendledger" not in {each.name for each in answer.cookies}


@pytest.mark.parametrize("state", ["another", ""])
def test_an_answer_to_no_question_of_this_browser_is_refused(
    place: Office, provider: Provider, state: str
) -> None:
    assert _answered(place, provider, state=state).status_code == 403


def test_a_browser_that_did_not_ask_is_refused(place: Office) -> None:
    answer = place.browser().get(f"{place.url}/sign-in/answer", params={"code": "c", "state": ""})
    assert answer.status_code == 403


def test_a_key_that_was_rolled_over_is_fetched_anew(place: Office, provider: Provider) -> None:
    assert _answered(place, provider).status_code == 200
    provider.roll_over()
    assert _answered(place, provider).status_code == 200


def test_a_token_of_another_key_is_refused(place: Office, provider: Provider) -> None:
    assert _answered(place, provider).status_code == 200
    shown = provider.shown
    provider.roll_over()
    provider.shown = shown
    assert _answered(place, provider).status_code == 403


def test_a_provider_that_is_gone_is_told_of(place: Office, provider: Provider) -> None:
    provider.claims = {}
    provider.answer = lambda path: None  # type: ignore[method-assign]  # noqa: ARG005
    browser = place.browser()
    sent = browser.post(f"{place.url}/sign-in/provider", {"next": "/"}, allow_redirects=False)
    assert sent.status_code in {403, 409, 503}


def test_an_address_that_nobody_verified_is_no_name(place: Office, provider: Provider) -> None:
    provider.claims = {"email_verified": False}
    assert "u-1" in _answered(place, provider).text


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
def test_a_token_that_no_key_of_the_provider_signed_is_refused(
    place: Office, provider: Provider, algorithm: str
) -> None:
    """All its claims are right."""
    real = provider.token

    def unsigned() -> str:
        head = urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "1"}).encode()).decode()
        return f"{head.rstrip('=')}.{real().split('.')[1]}."

    provider.token = unsigned  # type: ignore[method-assign]
    assert _answered(place, provider).status_code == 403
