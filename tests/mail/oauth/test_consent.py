"""R1, R2: consent at a real provider: PKCE, boxes left empty, somebody else, hostile answers."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from adapters.composition.programs import Program
from adapters.mail.network import NetworkPolicy
from adapters.mail.oauth.consent import Authority
from adapters.mail.oauth.endpoint import Endpoint
from adapters.mail.oauth.loopback import LoopbackConsent, NoConsent
from adapters.mail.oauth.provider import GOOGLE, MICROSOFT, Provider
from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Security, Server
from engine.work.classifying.classifier import classify
from engine.work.consents import AnotherMailbox, Asked, TooFewScopes
from engine.work.tokens import TokenError
from events.vocabulary import FailureClass
from tests.mail.oauth.registering import ANN, BOB, LOOPBACK

BACK = "http://127.0.0.1:7777/"
MAIL = "https://mail.google.com/"


def answered(sandbox: Sandbox, asked: Asked, account: str = ANN) -> dict[str, str]:
    """What a browser brings back once somebody has consented."""
    return dict(parse_qsl(urlsplit(sandbox.approve(asked.url, account)).query))


def fails(authority: Authority, asked: Asked, answer: Mapping[str, str]) -> TokenError:
    with pytest.raises(TokenError) as found:
        authority.granted(asked, answer, ANN)
    return found.value


def test_the_request_is_what_providers_ask_for(authority: Authority) -> None:
    query = dict(parse_qsl(urlsplit(authority.ask(BACK, ANN).url).query))

    assert query["scope"] == f"openid email {MAIL}"
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert (query["login_hint"], query["access_type"], query["prompt"]) == (
        *(ANN, "offline", "consent"),
    )
    assert len(query["state"]) >= 43


def test_no_two_requests_share_a_secret(authority: Authority) -> None:
    one, other = (authority.ask(BACK, ANN) for _ in range(2))

    assert one.state != other.state
    assert one.verifier != other.verifier
    assert one.verifier.reveal() not in one.url


def test_microsoft_shows_its_page_of_consent_only_where_that_was_refused(
    asked_at: Mapping[str, Endpoint], program: Program
) -> None:
    microsoft = Authority(asked_at["microsoft"], program.opened.store.now)

    assert "prompt" not in microsoft.ask(BACK, ANN).url
    assert "prompt=consent" in microsoft.ask(BACK, ANN, again=True).url


@pytest.mark.rule("R2")
def test_microsoft_is_asked_for_its_own_scopes(
    asked_at: Mapping[str, Endpoint], program: Program, sandbox: Sandbox
) -> None:
    microsoft = Authority(asked_at["microsoft"], program.opened.store.now)
    asked = microsoft.ask(BACK, ANN)

    access = microsoft.granted(asked, answered(sandbox, asked), ANN)

    assert access.provider == "microsoft"
    assert access.grant is not None
    assert {*access.grant.scopes} == {*MICROSOFT.scopes}


@pytest.mark.rule("R2")
def test_what_was_consented_to_opens_the_mailbox(authority: Authority, sandbox: Sandbox) -> None:
    asked = authority.ask(BACK, ANN)

    access = authority.granted(asked, answered(sandbox, asked), ANN)

    assert (access.provider, access.user) == ("google", ANN)
    assert access.imap == Server("localhost", sandbox.served()["imaps"], Security.IMPLICIT)
    assert access.grant is not None
    assert access.grant.subject == ANN
    assert MAIL in access.grant.scopes
    assert access.grant.access_token.reveal()


def test_google_and_microsoft_have_their_own_servers() -> None:
    assert str(GOOGLE.imap) == "imap.gmail.com:993"
    assert str(GOOGLE.smtp) == "smtp.gmail.com:465"
    assert str(MICROSOFT.imap) == "outlook.office365.com:993"
    assert MICROSOFT.smtp == Server("smtp.office365.com", 587, Security.STARTTLS)


@pytest.mark.rule("R1")
def test_a_box_left_empty_is_asked_for_again(authority: Authority, sandbox: Sandbox) -> None:
    sandbox.untick([MAIL])
    asked = authority.ask(BACK, ANN)

    with pytest.raises(TooFewScopes, match="tick every box") as refused:
        authority.granted(asked, answered(sandbox, asked), ANN)

    assert refused.value.code == "insufficient_scope"


@pytest.mark.rule("R2")
@pytest.mark.parametrize("subject", [None, ANN])
def test_another_mailbox_is_refused(
    authority: Authority, sandbox: Sandbox, subject: str | None
) -> None:
    asked = authority.ask(BACK, ANN)

    with pytest.raises(AnotherMailbox, match="Two-Step Reconnect") as refused:
        authority.granted(asked, answered(sandbox, asked, BOB), ANN, subject)

    assert refused.value.code == "identity_mismatch"
    assert BOB not in str(refused.value)


@pytest.mark.rule("R2")
def test_the_owner_is_known_again_by_what_never_changes(
    authority: Authority, sandbox: Sandbox
) -> None:
    asked = authority.ask(BACK, ANN)
    answer = answered(sandbox, asked)

    with pytest.raises(AnotherMailbox):
        authority.granted(asked, answer, ANN, "the owner of before")


@pytest.mark.rule("C3")
def test_who_refuses_gives_no_token(authority: Authority) -> None:
    refused = fails(authority, authority.ask(BACK, ANN), {"error": "access_denied"})

    assert classify(refused.evidence).failure is FailureClass.AUTH_INSUFFICIENT_SCOPE


def test_a_code_of_another_request_is_worth_nothing(authority: Authority, sandbox: Sandbox) -> None:
    code = answered(sandbox, authority.ask(BACK, ANN))

    refused = fails(authority, authority.ask(BACK, ANN), code)

    assert "code verifier" in refused.evidence.text
    assert code["code"] not in refused.evidence.text


def test_a_code_is_worth_something_once(authority: Authority, sandbox: Sandbox) -> None:
    asked = authority.ask(BACK, ANN)
    answer = answered(sandbox, asked)
    authority.granted(asked, answer, ANN)

    assert "used before" in fails(authority, asked, answer).evidence.text


@pytest.mark.rule("R2")
def test_an_id_token_of_somebody_elses_making_proves_nothing(
    sandbox: Sandbox, google: Provider, program: Program
) -> None:
    opened = program.opened
    theirs = google._replace(issuer="https://elsewhere.test")
    endpoint = Endpoint(theirs, NetworkPolicy(LOOPBACK), opened.coordination)
    authority = Authority(endpoint, opened.store.now)
    asked = authority.ask(BACK, ANN)

    unproved = fails(authority, asked, answered(sandbox, asked))

    assert unproved.evidence.text == "200 The ID token is not for us: InvalidClaimError."


# On this machine.


def visited(url: str) -> int:
    return requests.get(url, timeout=5).status_code


@pytest.mark.rule("R1")
def test_a_browser_on_this_machine_brings_the_answer(
    authority: Authority, sandbox: Sandbox
) -> None:
    with LoopbackConsent(authority) as consent:
        url = consent.start(ANN)
        assert visited(sandbox.approve(url, ANN)) == 200

        assert consent.wait(ANN, seconds=5).user == ANN


def test_only_the_right_answer_is_taken_and_only_once(
    authority: Authority, sandbox: Sandbox
) -> None:
    with LoopbackConsent(authority) as consent:
        url = consent.start(ANN)
        right = sandbox.approve(url, ANN)
        place, query = right.split("?")
        pairs = dict(parse_qsl(query))
        hostile = [
            *("", "?code=x", f"?{urlencode({**pairs, 'state': 'wrong'})}"),
            *(f"?{query}&code=x", f"?{query}&error=access_denied", f"favicon.ico?{query}"),
            *(f"?state={pairs['state']}", "?" + "&".join(f"a{n}=1" for n in range(99))),
        ]
        assert [visited(f"{place}{each}") for each in hostile] == [404] * len(hostile)
        assert visited(right) == 200
        assert visited(right) == 404

        assert consent.wait(ANN, seconds=5).grant is not None


def test_nobody_is_waited_for_without_an_end(authority: Authority) -> None:
    with LoopbackConsent(authority) as consent:
        consent.start(ANN)

        with pytest.raises(NoConsent, match="Start again"):
            consent.wait(ANN, seconds=0.05)


def test_nothing_secret_is_told_of_a_request(authority: Authority) -> None:
    asked = authority.ask(BACK, ANN)

    assert asked.verifier.reveal() not in repr(asked)
    secret = authority.provider.client_secret
    assert secret is not None
    assert secret.reveal() not in repr(authority.provider)
