"""What pages say of proofs where there is none, and to whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.composition.access import looks_of, staff_of
from engine.work.permissions import Role
from engine.work.staff import Member, kept_form
from tests.http.access.conftest import PASSWORD, Office, office
from tests.law.story import SPRING

CASE = f"/campaigns/{SPRING}/recipients/r1"


@pytest.fixture
def more(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    return {"proof_folder": tmp_path / "tree"} if request.param == "unsigned" else {}


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, Any]
) -> Iterator[Office]:
    with office(tmp_path / "ledger.db", capsys, **more) as found:
        for role in (Role.AUDITOR, Role.VIEWER):
            staff_of(found.program.opened).add(Member(role, role, None, kept_form(PASSWORD)))
        yield found


def told(browser: requests.Session, place: Office, path: str) -> tuple[int, str]:
    answer = browser.get(f"{place.url}{path}")
    return answer.status_code, " ".join(answer.text.split())


@pytest.mark.parametrize("more", ["no folder"], indirect=True)
def test_where_no_proof_is_set_up_pages_say_so(place: Office) -> None:
    auditor = place.signed_in(Role.AUDITOR)
    assert "in the setting proof_folder" in told(auditor, place, "/log/3")[1]
    assert "proof_folder names no folder" in told(auditor, place, "/machine")[1]
    assert "Download the proof" not in told(auditor, place, CASE)[1]
    status, said = told(auditor, place, f"{CASE}/proof")
    assert (status, "in the setting proof_folder" in said) == (404, True)


@pytest.mark.parametrize("more", ["unsigned"], indirect=True)
def test_what_is_not_signed_yet_is_said_on_a_page(place: Office) -> None:
    auditor = place.signed_in(Role.AUDITOR)
    event = told(auditor, place, "/log/3")[1]
    assert ("is not signed yet" in event, "Download" in event) == (True, False)
    assert "Download the proof" in told(auditor, place, CASE)[1]
    assert "Download the proof" not in told(auditor, place, f"{CASE}?at=2026-03-03T12:00:00Z")[1]
    status, said = told(auditor, place, f"{CASE}/proof")
    assert (status, "is not signed yet" in said) == (409, True)


@pytest.mark.parametrize("more", ["unsigned"], indirect=True)
def test_who_may_see_no_case_downloads_none(place: Office) -> None:
    assert told(place.signed_in(Role.VIEWER), place, f"{CASE}/proof")[0] == 403
    assert looks_of(place.program.opened).recorded("acme", 0, 10) == []
