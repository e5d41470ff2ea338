"""R2: an ID token proves whose mailbox it is, or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from adapters.mail.oauth.identity import Identity, NotProved, identity
from adapters.mail.oauth.provider import GOOGLE, MICROSOFT, Provider
from tests.law.story import ANN, BOB, NOON

KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
KEYS: Any = KeySet([KEY]).as_dict(private=False)
OURS = GOOGLE._replace(client_id="us")
ENTRA = MICROSOFT._replace(client_id="us")
CLAIMS: dict[str, Any] = {
    "iss": GOOGLE.issuer,
    "aud": "us",
    "sub": "1234",
    "nonce": "n",
    "exp": int((NOON + timedelta(hours=1)).timestamp()),
    "iat": int(NOON.timestamp()),
    "email": "Ann@ACME.test",
    "email_verified": True,
}
TENANT = "11111111-2222-3333-4444-555555555555"
OF_ENTRA = {
    **CLAIMS,
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "tid": TENANT,
    "oid": "5678",
    "preferred_username": ANN,
    "email": BOB,
}


def signed(claims: dict[str, Any], key: ECKey = KEY) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, key)


def proved(token: object, provider: Provider = OURS, keys: Any = KEYS) -> Identity:
    return identity(provider, token, keys, "n", NOON)


@pytest.mark.rule("R2")
def test_a_verified_address_and_a_number_that_never_changes() -> None:
    assert proved(signed(CLAIMS)) == Identity("1234", ANN)


@pytest.mark.rule("R2")
@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_nobody_vouches_for_is_none(verified: object) -> None:
    assert proved(signed({**CLAIMS, "email_verified": verified})).address is None


@pytest.mark.rule("R2")
def test_at_microsoft_the_name_counts_and_what_is_called_email_does_not() -> None:
    assert proved(signed(OF_ENTRA), ENTRA) == Identity(f"{TENANT}.5678", ANN)


@pytest.mark.rule("R2")
def test_an_organisation_speaks_for_itself_alone() -> None:
    with pytest.raises(NotProved):
        proved(signed({**OF_ENTRA, "tid": "another"}), ENTRA)


@pytest.mark.rule("R2")
@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://accounts.elsewhere.test"},
        {"aud": "another program"},
        {"aud": ["another program"]},
        {"nonce": "of another request"},
        {"nonce": None},
        {"exp": int((NOON - timedelta(minutes=3)).timestamp())},
        {"exp": "later"},
        {"exp": None},
        {"iat": int((NOON + timedelta(minutes=3)).timestamp())},
        {"sub": None},
        {"sub": 5},
    ],
)
def test_a_token_that_was_not_made_for_us_now_proves_nothing(changed: dict[str, Any]) -> None:
    with pytest.raises(NotProved):
        proved(signed({**CLAIMS, **changed}))


@pytest.mark.rule("R2")
def test_a_token_that_the_provider_did_not_sign_proves_nothing() -> None:
    another = ECKey.generate_key("P-256", {"kid": "one"})
    by_password = jwt.encode({"alg": "HS256", "kid": "one"}, CLAIMS, OctKey.generate_key(256))
    head, payload, _ = signed(CLAIMS).split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{payload}."

    for token in (signed(CLAIMS, another), by_password, unsigned, f"{head}.{payload}."):
        with pytest.raises(NotProved):
            proved(token)


@pytest.mark.parametrize("token", [None, 5, "", "a", "a.b.c", "..", "é.é.é", "eyJ" * 9_999])
def test_what_is_no_token_proves_nothing(token: object) -> None:
    with pytest.raises(NotProved):
        proved(token)


@pytest.mark.parametrize(
    "keys",
    [
        *(None, [], {}, {"keys": 5}, {"keys": []}, {"keys": [5]}, {"keys": [{}]}),
        {"keys": [{"kty": "RSA", "kid": "one", "n": "", "e": ""}]},
        {"keys": [{"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": "!", "y": "é"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": "AQAB", "y": "AQAB"}]},
        {"keys": [{"kty": "EC", "crv": "P-999", "kid": "one", "x": "AQAB", "y": "AQAB"}]},
        {"keys": [{"kty": "oct", "kid": "one", "k": "A" * 43}]},
    ],
)
def test_keys_that_are_none_prove_nothing(keys: Any) -> None:
    with pytest.raises(NotProved):
        proved(signed(CLAIMS), keys=keys)
