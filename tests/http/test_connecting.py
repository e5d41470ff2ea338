"""C1, T1: a mailbox is connected with its provider's consent, begun over HTTP, once."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import urlsplit

import pytest
import requests

from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.permissions import Role
from events.vocabulary import ConnectionStatus
from tests.http.commands.callers import Caller, token
from tests.http.desks import WANTED, Desk, desk_of
from tests.http.owners import MAIL, Owner, words
from tests.law.story import ANN, BOB
from tests.workplace import ACME


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path, url: str) -> Iterator[Desk]:
    with desk_of(sandbox, tmp_path, url) as found:
        yield found


@pytest.mark.rule("C1", "T1")
def test_begun_by_a_program_and_given_by_the_owner(desk: Desk, owner: Owner) -> None:
    begun = desk.begun(settings={"sending_speed": 7})
    before = desk.state(begun)
    page = owner.look(begun.body["address"])
    done = owner.reconnects(begun.body["address"])

    assert before["state"] == "waiting"
    assert f"The workspace {ACME} asks to send campaigns from your mailbox {ANN}." in words(page)
    assert "read, compose, send, and permanently delete emails" in words(page)
    assert f"{ANN} is connected" in words(done)
    assert desk.state(begun)["state"] == "connected"
    with desk.program.engine.look(ACME) as now:
        account = now.account(ANN)
    assert (account.status, account.provider) == (ConnectionStatus.SUCCESSFUL, "google")
    assert account.settings.sending_speed == 7
    assert desk.secrets == 1
    tested = desk.ops.do(f"/accounts/{ANN}/test")
    assert tested.status == 200, tested.text


def test_the_same_request_has_the_same_link_and_looking_uses_nothing_up(
    desk: Desk, owner: Owner
) -> None:
    begun, again = desk.begun("k1"), desk.begun("k1")
    for _ in range(3):
        assert owner.look(begun.body["address"]).status_code == 200
    assert again.replayed
    assert again.body == begun.body
    assert owner.press(begun.body["address"]).status_code == 303
    assert owner.press(begun.body["address"]).status_code == 410
    assert owner.look(begun.body["address"]).status_code == 410
    assert desk.connections == 0


@pytest.mark.rule("C1")
def test_somebody_else_s_consent_connects_nothing(desk: Desk, owner: Owner) -> None:
    begun = desk.begun()
    done = owner.reconnects(begun.body["address"], BOB)

    found = desk.state(begun)
    assert (found["state"], found["refusal"]["code"]) == ("refused", "identity_mismatch")
    assert "is not connected" in words(done)
    assert desk.connections == 0
    assert desk.program.opened.store.last_position() == 0


def test_who_says_no_and_a_box_left_empty_are_told(
    desk: Desk, owner: Owner, sandbox: Sandbox
) -> None:
    refused, narrow = desk.begun("k1"), desk.begun("k2")
    sent = owner.press(refused.body["address"]).headers["Location"]
    state = dict(each.split("=", 1) for each in urlsplit(sent).query.split("&"))["state"]
    back = f"{desk.program.settings.public_url}/oauth/callback?state={state}&error=access_denied"
    denied = owner.look(back)
    sent = owner.press(narrow.body["address"]).headers["Location"]
    sandbox.untick([MAIL])
    owner.look(sandbox.approve(sent, ANN))

    assert "is not connected" in words(denied)
    assert desk.state(refused)["state"] == "refused"
    assert desk.state(narrow)["refusal"]["code"] == "insufficient_scope"
    assert desk.connections == 0


def test_another_browser_and_a_second_answer_connect_nothing_more(
    desk: Desk, owner: Owner, sandbox: Sandbox
) -> None:
    begun = desk.begun()
    back = sandbox.approve(owner.press(begun.body["address"]).headers["Location"], ANN)
    with Owner(sandbox) as stranger:
        assert stranger.look(back).status_code == 410
    assert desk.connections == 0
    first, second = owner.look(back), owner.look(back)

    assert (first.status_code, second.status_code) == (200, 410)
    assert desk.connections == 1


def test_answers_that_race_connect_once(desk: Desk, owner: Owner, sandbox: Sandbox) -> None:
    begun = desk.begun()
    back = sandbox.approve(owner.press(begun.body["address"]).headers["Location"], ANN)
    cookies, together = owner.session.cookies, Barrier(8)
    found: list[int] = []

    def come_back() -> None:
        together.wait()
        answer = requests.get(back, cookies=cookies, allow_redirects=False, timeout=60)
        found.append(answer.status_code)

    threads = [Thread(target=come_back) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [200, *[410] * 7]
    assert desk.connections == 1


def test_a_restart_between_the_button_and_the_answer_changes_nothing(
    sandbox: Sandbox, tmp_path: Path, url: str, owner: Owner
) -> None:
    with desk_of(sandbox, tmp_path, url) as desk:
        begun = desk.begun()
        back = sandbox.approve(owner.press(begun.body["address"]).headers["Location"], ANN)
        port, public = desk.program.settings.links_port, desk.program.settings.public_url
    with desk_of(sandbox, tmp_path, url, links_port=port, public_url=public) as desk:
        assert owner.look(back).status_code == 200
        assert desk.state(begun)["state"] == "connected"


@pytest.mark.rule("T1")
def test_a_slot_that_is_taken_is_the_law_s_refusal(desk: Desk, owner: Owner) -> None:
    bob = {"account_id": BOB, "slot_id": "s1", "provider": "simulated"}
    assert desk.ops.do("/accounts", bob).status == 200
    begun = desk.begun()
    owner.reconnects(begun.body["address"])

    found = desk.state(begun)
    assert found["state"] == "refused"
    assert found["refusal"]["rule"].startswith("T")


def test_a_link_for_connecting_opens_no_other_door_and_who_may_not_begins_nothing(
    desk: Desk, owner: Owner
) -> None:
    begun = desk.begun()
    token_of_it = begun.body["address"].rpartition("/")[2]
    public = desk.program.settings.public_url
    support = Caller(desk.port, token(desk.program, "support", Role.SUPPORT, ACME))

    assert owner.look(f"{public}/links/{token_of_it}").status_code == 410
    assert owner.look(f"{public}/connect/{token_of_it}x").status_code == 410
    assert support.do("/consents", WANTED).status == 403
    assert support.get(f"/consents/{begun.body['consent_id']}").status == 403
    assert desk.ops.get("/consents/none").status == 404
    assert desk.ops.do("/consents", {**WANTED, "provider": "yahoo"}).status == 422
    support.close()


@pytest.mark.rule("R1")
def test_a_program_gets_a_link_for_an_account_that_is_there(desk: Desk, owner: Owner) -> None:
    owner.reconnects(desk.begun().body["address"])
    made = desk.ops.do(f"/accounts/{ANN}/link", {"good_for": 600}, "k1")
    again = desk.ops.do(f"/accounts/{ANN}/link", {"good_for": 600}, "k1")
    done = owner.reconnects(made.body["address"])

    assert (made.status, again.body) == (200, made.body), made.text
    assert f"{ANN} is reconnected" in words(done)


def test_without_a_door_for_owners_it_is_said_which_settings_are_missing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    nobody = {"links_port": None, "public_url": None}
    with desk_of(sandbox, tmp_path, str(tmp_path / "s.db"), **nobody) as desk:
        refused = desk.ops.do("/consents", WANTED)
    assert (refused.status, refused.code) == (409, "no_door_for_owners")
    assert "public_url" in refused.body["detail"]
