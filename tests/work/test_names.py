"""What a new name may be."""

import pytest

from engine.work.names import LONGEST, name_problem


@pytest.mark.parametrize(
    "name",
    ["spring", "Frühling 2026", "春", "a/b: «c»", "x" * LONGEST],
)
def test_names_of_any_language_are_fine(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        ("x" * (LONGEST + 1), "is longer than 200 characters"),
        (" spring", "begins or ends with a blank"),
        ("spring\u00a0", "begins or ends with a blank"),
        ("\x1b]0;title\x07", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("a\u2028b", "LINE SEPARATOR"),
        ("ab\u202ecd", "RIGHT-TO-LEFT OVERRIDE"),
        ("a\u200bb", "ZERO WIDTH SPACE"),
        ("\ud800", "cannot be seen"),
        ("e\u0301", "NFC"),
    ],
)
def test_what_cannot_be_seen_or_told_apart_is_refused(name: str, problem: str) -> None:
    found = name_problem(name)

    assert found is not None
    assert problem in found
