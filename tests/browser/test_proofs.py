"""Proofs are downloaded from the console by a person, and verified without it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from verify_case import main

from adapters.cli.auditing.verify import Trust, case_verified
from adapters.composition.proofs import signers_of
from tests.browser.conftest import browsing, sign_in
from tests.browser.place import Place

CASE = "/campaigns/spring/recipients/r1"


@pytest.fixture
def key(place: Place, tmp_path: Path) -> Path:
    settings, opened, _ = place.program
    signers, file = signers_of(settings, opened.store), tmp_path / "verifier-key"
    file.write_text("".join(f"{each.verifier_key}\n" for each in signers))
    return file


def downloaded(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the proof").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


@pytest.mark.rule("F3")
def test_a_stops_proof_is_downloaded_without_a_script_and_verified_by_ours_of_one_page(
    chromium: Browser, place: Place, key: Path, tmp_path: Path
) -> None:
    with browsing(chromium, place, java_script_enabled=False) as context:
        sign_in(context, place, "auditor-of-all")
        page = context.new_page()
        page.goto(CASE)
        file = downloaded(page, tmp_path)
    assert file.name == "case.json"
    assert main([str(file), "--key", str(key)]) == 0
    assert case_verified(file, None, Trust.of(key, None)).size > 0


@pytest.mark.rule("F2")
def test_an_event_says_what_checkpoint_signs_it_and_its_proof_is_verified(
    page: Page, key: Path, tmp_path: Path
) -> None:
    page.goto("/log/63")
    expect(page.locator("main")).to_contain_text("signed in the checkpoint over")
    file = downloaded(page, tmp_path)
    assert file.name == "event.json"
    assert case_verified(file, None, Trust.of(key, None)).size > 0


def test_the_machine_says_how_far_the_log_is_signed_and_leads_to_the_checkpoint(
    page: Page, place: Place
) -> None:
    page.goto("/machine")
    signed = page.locator("dt", has_text="signed entries").locator("+ dd")
    expect(signed).to_have_text(str(place.program.opened.store.last_entry() + 1))
    page.get_by_role("link", name="The checkpoint").click()
    expect(page.locator("body")).to_contain_text("sendledger/")
