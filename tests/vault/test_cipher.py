"""What is sealed for one place opens there, with its key and nowhere else; damage has a name."""

from itertools import product

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from adapters.vault.cipher import seal, unseal
from adapters.vault.keys import Key
from engine.work.secret import (
    Secret,
    SecretAltered,
    SecretCutShort,
    SecretDamaged,
    SecretMisplaced,
    SecretRef,
)

KEY = Key("k1", bytes(range(32)))
ANN = SecretRef("main", "ann@acme.example", "password")
PASSWORD = Secret("correct-horse")


@given(st.text(), st.tuples(st.text(), st.text(), st.text()))
def test_what_was_sealed_is_opened(text: str, place: tuple[str, str, str]) -> None:
    ref = SecretRef(*place)
    assert unseal(KEY, ref, seal(KEY, ref, Secret(text))) == Secret(text)


def test_it_is_sealed_otherwise_each_time_and_shows_nothing_of_it() -> None:
    sealed = {seal(KEY, ANN, PASSWORD) for _ in range(100)}
    assert len(sealed) == 100
    assert not any(b"horse" in each for each in sealed)


def test_the_form_is_as_it_was_first_written() -> None:
    """Vaults of today must be read for ever."""
    sealed = seal(KEY, ANN, PASSWORD, random=bytes)
    header = (
        b"SLV1\x02k1"
        + bytes.fromhex("7f1c1f3697f578b48c5cd5be8401f7db")
        + bytes(12)
        + (13 + 16).to_bytes(4)
    )
    place = b"\0\0\0\4main\0\0\0\x10ann@acme.example\0\0\0\x08password"
    assert sealed == header + AESGCM(KEY.octets).encrypt(
        bytes(12), b"correct-horse", header + place
    )


def test_every_octet_counts() -> None:
    sealed = seal(KEY, ANN, PASSWORD)
    for at, flipped in product(range(len(sealed)), (1, 128)):
        altered = bytearray(sealed)
        altered[at] ^= flipped
        with pytest.raises(SecretDamaged):
            unseal(KEY, ANN, bytes(altered))


def test_one_that_is_cut_short_is_told() -> None:
    sealed = seal(KEY, ANN, PASSWORD)
    for length in range(len(sealed)):
        with pytest.raises(SecretCutShort, match="cut short"):
            unseal(KEY, ANN, sealed[:length])


@pytest.mark.parametrize("more", [b"x", b"SLV1"])
def test_one_that_is_too_long_is_altered(more: bytes) -> None:
    with pytest.raises(SecretAltered):
        unseal(KEY, ANN, seal(KEY, ANN, PASSWORD) + more)


@pytest.mark.parametrize(
    "elsewhere",
    [
        ANN._replace(workspace="other"),
        ANN._replace(account_id="bob@acme.example"),
        ANN._replace(name="oauth"),
        SecretRef("mainann@acme.example", "", "password"),
    ],
)
def test_a_row_in_another_place_is_told_as_such(elsewhere: SecretRef) -> None:
    with pytest.raises(SecretMisplaced, match="another account"):
        unseal(KEY, elsewhere, seal(KEY, ANN, PASSWORD))


def test_the_digest_of_the_place_alone_opens_nothing() -> None:
    """Whoever writes another place's digest into the row has still not moved it."""
    bob = ANN._replace(account_id="bob@acme.example")
    moved = seal(KEY, ANN, PASSWORD).replace(
        seal(KEY, ANN, PASSWORD)[7:23], seal(KEY, bob, PASSWORD)[7:23]
    )
    with pytest.raises(SecretAltered):
        unseal(KEY, bob, moved)


@pytest.mark.parametrize("key", [Key("k1", bytes(32)), Key("k2", KEY.octets)])
def test_another_key_or_the_same_by_another_id_opens_nothing(key: Key) -> None:
    with pytest.raises(SecretAltered):
        unseal(key, ANN, seal(KEY, ANN, PASSWORD))


def test_no_error_tells_the_secret() -> None:
    with pytest.raises(SecretAltered) as refused:
        unseal(Key("k1", bytes(32)), ANN, seal(KEY, ANN, PASSWORD))
    assert str(refused.value).startswith(
        "The password of ann@acme.example in workspace main is not"
    )
    assert refused.value.__cause__ is None
