"""The provider does what RFC 6749, 7009, 7636 and 7662 ask of one, and fails on command."""

import base64
import json
from http.client import IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.world import Served
from tests.mail.sandbox.browser import BACK, MAIL, VERIFIER, Browser
from tests.mail.sandbox.clients import imap, smtp, xoauth2

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"


@pytest.fixture
def browser(served: Served) -> Browser:
    return Browser(served)


def consented(sandbox: Sandbox, browser: Browser, account: str = ANN, **other: str) -> Any:
    return browser.exchange(sandbox.approve(browser.authorize_url(**other), account)).json


def works(served: Served, token: str) -> bool:
    """Does it open the mailbox, by IMAP and by SMTP alike?"""
    with imap(served) as client, smtp(served) as other:
        let_in = other.docmd("AUTH", f"XOAUTH2 {_base64(xoauth2(ANN, token))}")[0] == 235
        try:
            client.oauth2_login(ANN, token)
        except client.Error:
            assert not let_in
            return False
        assert let_in
        return True


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_consent_gives_tokens_that_open_the_mailbox(
    sandbox: Sandbox, served: Served, browser: Browser
) -> None:
    redirect = sandbox.approve(browser.authorize_url(), ANN)
    assert redirect.startswith(BACK)
    assert parse_qs(urlsplit(redirect).query)["state"] == ["s1"]
    tokens = browser.exchange(redirect).json
    assert tokens["scope"].split() == [MAIL, "openid"]
    assert works(served, tokens["access_token"])
    assert not works(served, "forged")


def test_a_person_consents_on_a_page(browser: Browser) -> None:
    page = browser.ask("GET", browser.authorize_url(login_hint=BOB))
    assert f"value='{BOB}' checked" in page.body
    answer = urlencode({"account": BOB, "scope": MAIL, "answer": "yes"})
    sent = browser.ask("POST", browser.authorize_url(), answer)
    assert sent.status == 302
    assert browser.exchange(str(sent.location)).json["scope"] == MAIL
    refused = browser.ask("POST", browser.authorize_url(), "answer=no")
    assert "error=access_denied" in str(refused.location)


def test_a_box_left_unticked_grants_less(
    sandbox: Sandbox, served: Served, browser: Browser
) -> None:
    sandbox.untick([MAIL])
    tokens = consented(sandbox, browser)
    assert tokens["scope"] == "openid"
    assert not works(served, tokens["access_token"])
    assert f"value='{MAIL}'>" in browser.ask("GET", browser.authorize_url()).body


def test_who_consents_is_signed(sandbox: Sandbox, browser: Browser) -> None:
    token = consented(sandbox, browser, BOB, nonce="n1")["id_token"]
    head, claims, signature = token.split(".")
    (key,) = browser.ask("GET", browser.endpoint("jwks_uri")).json["keys"]
    x, y = (int.from_bytes(_decoded(key[each])) for each in ("x", "y"))
    octets = _decoded(signature)
    r, s = int.from_bytes(octets[:32]), int.from_bytes(octets[32:])
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    public.verify(
        encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
    )
    told = json.loads(_decoded(claims))
    assert (told["email"], told["nonce"], told["aud"]) == (BOB, "n1", "sendledger")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_account_is_told_to_who_has_a_token(sandbox: Sandbox, browser: Browser) -> None:
    token = consented(sandbox, browser)["access_token"]
    url = browser.endpoint("userinfo_endpoint")
    assert browser.ask("GET", url, Authorization=f"Bearer {token}").json["email"] == ANN
    assert browser.ask("GET", url, Authorization="Bearer forged").status == 401


def test_a_code_needs_its_verifier_and_its_redirect(sandbox: Sandbox, browser: Browser) -> None:
    redirect = sandbox.approve(browser.authorize_url(), ANN)
    assert browser.exchange(redirect, "another-verifier").json["error"] == "invalid_grant"
    code = parse_qs(urlsplit(redirect).query)["code"][0]
    elsewhere = browser.token(
        grant_type="authorization_code",
        code=code,
        code_verifier=VERIFIER,
        redirect_uri="http://127.0.0.1:1/",
    )
    assert elsewhere.json["error"] == "invalid_grant"
    assert browser.exchange(redirect).status == 200


def test_a_code_used_twice_ends_the_grant(
    sandbox: Sandbox, served: Served, browser: Browser
) -> None:
    redirect = sandbox.approve(browser.authorize_url(), ANN)
    tokens = browser.exchange(redirect).json
    assert browser.exchange(redirect).json["error"] == "invalid_grant"
    assert not works(served, tokens["access_token"])


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "somebody"},
        {"redirect_uri": "https://elsewhere.test/"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
    ids=str,
)
def test_an_unsafe_request_is_never_redirected(browser: Browser, other: dict[str, str]) -> None:
    told = browser.ask("GET", browser.authorize_url(**other))
    assert (told.status, told.location) == (400, None)


def test_a_refresh_token_is_exchanged_at_each_use(
    sandbox: Sandbox, served: Served, browser: Browser
) -> None:
    first = consented(sandbox, browser)
    second = browser.refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert works(served, second["access_token"])
    assert browser.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert browser.refresh(second["refresh_token"]).status == 400  # the grant ended as a whole
    assert not works(served, second["access_token"])


def test_some_providers_keep_the_refresh_token(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.rotate(on=False)
    token = consented(sandbox, browser)["refresh_token"]
    assert [browser.refresh(token).json["refresh_token"] for _ in range(2)] == [token, token]


def test_access_ends_with_time_and_refreshing_goes_on() -> None:
    time = [1_000_000.0]
    with Sandbox(now=lambda: time[0]) as sandbox:
        served = sandbox.served()
        tokens = sandbox.grant(ANN, [MAIL])
        assert works(served, tokens["access_token"])
        time[0] += tokens["expires_in"]
        assert not works(served, tokens["access_token"])
        renewed = Browser(served).refresh(tokens["refresh_token"]).json
        assert works(served, renewed["access_token"])


def test_a_token_ends_on_command(sandbox: Sandbox, served: Served, browser: Browser) -> None:
    tokens = sandbox.grant(ANN, [MAIL])
    sandbox.expire_tokens(ANN)
    assert not works(served, tokens["access_token"])
    renewed = browser.refresh(tokens["refresh_token"]).json
    sandbox.revoke(ANN)
    assert not works(served, renewed["access_token"])
    assert browser.refresh(renewed["refresh_token"]).json["error"] == "invalid_grant"


def test_a_client_revokes_what_it_holds(sandbox: Sandbox, served: Served, browser: Browser) -> None:
    tokens = sandbox.grant(ANN, [MAIL])
    url, form = browser.endpoint("revocation_endpoint"), {"token": tokens["refresh_token"]}
    assert browser.ask("POST", url, urlencode(form)).status == 200
    assert not works(served, tokens["access_token"])


def test_introspection_knows_what_a_token_opens(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.grant(ANN, [MAIL])["access_token"]
    url = browser.endpoint("introspection_endpoint")
    known = {"active": True, "username": ANN, "scope": MAIL}
    assert browser.ask("POST", url, urlencode({"token": token})).json == known
    assert browser.ask("GET", url, Authorization=f"Bearer {token}").json == known
    assert browser.ask("POST", url, "token=forged").json == {"active": False}


def test_a_wrong_secret_is_the_programs_own_fault(browser: Browser) -> None:
    browser.client["client_secret"] += "x"
    told = browser.refresh("any")
    assert (told.status, told.json["error"]) == (401, "invalid_client")


def test_the_client_may_name_itself_in_a_header(sandbox: Sandbox, browser: Browser) -> None:
    token = sandbox.grant(ANN, [MAIL])["refresh_token"]
    basic = _base64("sendledger:sandbox-secret")
    body = urlencode({"grant_type": "refresh_token", "refresh_token": token})
    url = browser.endpoint("token_endpoint")
    assert browser.ask("POST", url, body, Authorization=f"Basic {basic}").status == 200


@pytest.mark.parametrize(
    "text",
    ["503 <html>Service Unavailable</html>", '400 {"error":"invalid_grant"}', '200 {"access_'],
)
def test_the_token_endpoint_says_what_it_is_told(
    text: str, sandbox: Sandbox, browser: Browser
) -> None:
    sandbox.fail("oauth", "token", Act.SAY, text=text, times=1)
    token = sandbox.grant(ANN, [MAIL])["refresh_token"]
    told = browser.refresh(token)
    assert f"{told.status} {told.body}" == text
    assert browser.refresh(token).status == 200


@pytest.mark.parametrize(
    ("act", "error"), [(Act.HALF, (IncompleteRead, RemoteDisconnected)), (Act.LOSE, OSError)]
)
def test_an_answer_that_is_lost_was_a_refresh_all_the_same(
    act: Act,
    error: type[Exception] | tuple[type[Exception], ...],
    sandbox: Sandbox,
    browser: Browser,
) -> None:
    sandbox.fail("oauth", "token", act, times=1)
    token = sandbox.grant(ANN, [MAIL])["refresh_token"]
    with pytest.raises(error):
        browser.refresh(token)
    assert browser.refresh(token).json["error"] == "invalid_grant"


def test_a_refusal_meets_its_account_alone(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.refuse("auth_revoked", ANN)
    ann, bob = (sandbox.grant(each, [MAIL])["refresh_token"] for each in (ANN, BOB))
    assert browser.refresh(ann).json["error"] == "invalid_grant"
    assert browser.refresh(bob).status == 200
