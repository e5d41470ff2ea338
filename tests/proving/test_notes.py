"""Signed notes: whoever changes a letter, or signs with another key, is found."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from adapters.proof.signing import FileSigner, verifies
from engine.proof.notes import (
    Checkpoint,
    NotANote,
    NoteError,
    NotSigned,
    VerifierKey,
    opened,
    signed,
)

NAME = "sendledger/a-store/1"
SIGNER = FileSigner(NAME, Ed25519PrivateKey.from_private_bytes(b"k" * 32))
OTHER = FileSigner(NAME, Ed25519PrivateKey.from_private_bytes(b"o" * 32))
CHECKPOINT = Checkpoint(NAME, 1_718, b"r" * 32)
NOTE = signed(CHECKPOINT.text, SIGNER)


def test_a_note_is_opened_with_the_key_as_it_is_handed_out() -> None:
    key = VerifierKey.of(f"{SIGNER.verifier_key}\n")
    assert key == SIGNER.verifier_key
    assert Checkpoint.of(opened(NOTE, key, verifies)) == CHECKPOINT


def test_other_signatures_are_passed_over() -> None:
    both = signed(CHECKPOINT.text, OTHER, SIGNER)
    assert opened(both, SIGNER.verifier_key, verifies) == CHECKPOINT.text
    with pytest.raises(NotSigned, match="is good"):
        opened(signed(CHECKPOINT.text, OTHER), SIGNER.verifier_key, verifies)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_a_changed_letter_is_found(place: int, letter: str) -> None:
    changed = NOTE[:place] + letter + NOTE[place + 1 :]
    try:
        found = Checkpoint.of(opened(changed, SIGNER.verifier_key, verifies))
    except NoteError:
        return
    assert found == CHECKPOINT


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        "a text",
        f"{CHECKPOINT.text}\n",
        f"{CHECKPOINT.text}\n— no signature\n",
        NOTE[:-9],
    ],
)
def test_what_is_no_note_is_told(note: str) -> None:
    with pytest.raises(NoteError):
        opened(note, SIGNER.verifier_key, verifies)


@pytest.mark.parametrize("text", ["", "a+b", f"{SIGNER.verifier_key}x", "a+00000000+AQ=="])
def test_what_is_no_key_is_told(text: str) -> None:
    with pytest.raises(NotANote):
        VerifierKey.of(text)


@pytest.mark.parametrize("text", ["", "a\n-1\nAA==\n", "a\n01\nAA==\n", f"a\n1\n{'A' * 44}\n"])
def test_what_is_no_checkpoint_is_told(text: str) -> None:
    with pytest.raises(NotANote):
        Checkpoint.of(text)
