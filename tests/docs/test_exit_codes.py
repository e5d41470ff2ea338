"""The page on exit codes says what the program does."""

import re
from pathlib import Path

from adapters.screen import exit_codes

PAGE = Path(__file__).parents[2] / "docs" / "exit-codes.md"


def test_the_page_has_every_exit_code_and_the_word_for_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (?:`(\w+)`)? ?\|", page, re.MULTILINE)
    told = {int(code): word for code, word in rows if word}

    assert told == exit_codes.ERROR_CODES
    assert {int(code) for code, _ in rows} == {0, *exit_codes.ERROR_CODES}
