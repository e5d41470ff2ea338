"""Signed notes: whoever changes a letter, or signs with another key, is found."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from adapters.proof.signing import FileSigner, verifies
from engine.proof.notes import (
    ED25519_COSIGNATURE,
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
LATER = FileSigner(NAME, MLDSA44PrivateKey.from_seed_bytes(b"m" * 32))
NOTE = signed(CHECKPOINT.text, SIGNER)
BOTH = signed(CHECKPOINT.text, SIGNER, LATER)
KEYS = [SIGNER.verifier_key, LATER.verifier_key]


def test_a_note_is_opened_with_the_key_as_it_is_handed_out() -> None:
    key = VerifierKey.of(f"{SIGNER.verifier_key}\n")
    assert key == SIGNER.verifier_key
    assert Checkpoint.of(opened(NOTE, [key], verifies)) == CHECKPOINT


def test_other_signatures_are_passed_over() -> None:
    both = signed(CHECKPOINT.text, OTHER, SIGNER)
    assert opened(both, [SIGNER.verifier_key], verifies) == CHECKPOINT.text
    with pytest.raises(NotSigned, match="is good"):
        opened(signed(CHECKPOINT.text, OTHER), [SIGNER.verifier_key], verifies)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_a_changed_letter_is_found(place: int, letter: str) -> None:
    changed = NOTE[:place] + letter + NOTE[place + 1 :]
    try:
        found = Checkpoint.of(opened(changed, [SIGNER.verifier_key], verifies))
    except NoteError:
        return
    assert found == CHECKPOINT


def test_both_lines_are_verified_and_each_by_its_own_key() -> None:
    assert opened(BOTH, KEYS, verifies) == CHECKPOINT.text
    for each in KEYS:
        assert opened(BOTH, [each], verifies) == CHECKPOINT.text
        assert VerifierKey.of(str(each)) == each
    with pytest.raises(NotSigned, match="ML-DSA-44"):
        opened(NOTE, KEYS, verifies)
    with pytest.raises(NotSigned, match="Ed25519"):
        opened(signed(CHECKPOINT.text, LATER), KEYS, verifies)


@given(st.integers(len(NOTE), len(BOTH) - 2), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_letter_of_the_second_line_is_found(place: int, letter: str) -> None:
    changed = BOTH[:place] + letter + BOTH[place + 1 :]
    if changed != BOTH:
        with pytest.raises(NoteError):
            opened(changed, KEYS, verifies)


@pytest.mark.parametrize(("size", "root"), [(1_719, b"r" * 32), (1_718, b"s" * 32)])
def test_the_second_line_is_of_this_tree_alone(size: int, root: bytes) -> None:
    _, line = BOTH.rsplit("\n", 2)[0].rsplit("\n", 1)
    other = signed(Checkpoint(NAME, size, root).text, SIGNER)
    with pytest.raises(NotSigned, match="ML-DSA-44"):
        opened(f"{other}{line}\n", KEYS, verifies)


def test_the_message_of_the_second_line_is_that_of_c2sp() -> None:
    """``cosigned_message`` of tlog-cosignature, octet by octet."""
    name = bytes([len(NAME)]) + NAME.encode()
    tree = bytes(8) + (1_718).to_bytes(8) + b"r" * 32
    expected = b"subtree/v1\n\0" + name + bytes(8) + name + tree
    assert LATER.verifier_key.message(CHECKPOINT.text, 0) == expected


def test_the_example_of_c2sp_is_cosigned() -> None:
    """The checkpoint of tlog-cosignature, which other implementations test with, too."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    key = VerifierKey("witness.example.com/w1", SIGNER.public, ED25519_COSIGNATURE)
    assert key.message(text, 1679315147) == f"cosignature/v1\ntime 1679315147\n{text}".encode()


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
        opened(note, [SIGNER.verifier_key], verifies)


@pytest.mark.parametrize("text", ["", "a+b", f"{SIGNER.verifier_key}x", "a+00000000+AQ=="])
def test_what_is_no_key_is_told(text: str) -> None:
    with pytest.raises(NotANote):
        VerifierKey.of(text)


@pytest.mark.parametrize("text", ["", "a\n-1\nAA==\n", "a\n01\nAA==\n", f"a\n1\n{'A' * 44}\n"])
def test_what_is_no_checkpoint_is_told(text: str) -> None:
    with pytest.raises(NotANote):
        Checkpoint.of(text)
