"""Pictures of the console for the documentation: ``make pictures``."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PAGES = {
    "now": "/",
    "case": "/campaigns/spring/recipients/r1",
    "log": "/log",
    "act": "/act/disconnect_account?account_id=ann@acme.test",
}


@pytest.mark.pictures
@pytest.mark.parametrize("name", PAGES)
def test_a_picture_is_small_enough_to_keep(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.set_viewport_size({"width": 960, "height": 620})
    page.goto(PAGES[name])
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    assert file.stat().st_size < 100_000
