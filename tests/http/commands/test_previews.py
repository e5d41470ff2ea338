"""What was shown is what is confirmed, by whom it was shown to; what was edited meanwhile stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.work.permissions import Role
from tests.http.commands.callers import PREVIEW, Answer, Caller, Door, named
from tests.law.story import ANN, BOB, R1, R2, R3, SPRING, connect, create, fail, hear_from, start

REMOVE = f"/campaigns/{SPRING}/senders/{ANN}/remove"
DISCONNECT = f"/accounts/{ANN}/disconnect"
FORGED = "ffffffff." + "0" * 32 + "." + "0" * 32


@pytest.fixture(autouse=True)
def story(house: Door) -> None:
    house.given(
        connect(ANN), connect(BOB), create(ANN, BOB, to=[R1, R2, R3]), start(), hear_from(ANN, R1)
    )


def token_of(ops: Caller, path: str, told: object = None) -> str:
    return str(ops.preview(path, told).body["token"])


def test_a_disconnect_shows_who_is_at_stake_and_is_confirmed(ops: Caller, house: Door) -> None:
    """T2"""
    shown = ops.preview(DISCONNECT)
    (stakes,) = shown.body["preview"]["rotation_campaigns"]
    done = ops.do(DISCONNECT, **{PREVIEW: shown.body["token"]})

    assert (stakes["campaign_id"], stakes["at_stake"], stakes["pauses"]) == (SPRING, 1, True)
    assert done.status == 200, done.text
    assert house.recorded("AccountDisconnected") == 1


@pytest.mark.parametrize("path", [DISCONNECT, REMOVE, f"/campaigns/{SPRING}/resume"])
def test_without_a_preview_nothing_is_done(ops: Caller, house: Door, path: str) -> None:
    end = house.program.opened.store.last_position()
    asked = ops.do(path)

    assert (asked.status, asked.code) == (428, "preview_required")
    assert house.program.opened.store.last_position() == end


def test_a_preview_that_is_stale_is_refused_and_the_new_one_will_do(
    ops: Caller, house: Door
) -> None:
    """S10: somebody was contacted meanwhile."""
    old = token_of(ops, REMOVE)
    house.given(hear_from(ANN, R2))
    stale = ops.do(REMOVE, key="k1", **{PREVIEW: old})
    new = stale.body["facts"]
    done = ops.do(REMOVE, key="k1", **{PREVIEW: new["token"]})

    assert (stale.status, stale.code) == (409, "stale_preview")
    assert new["preview"]["held"] == 2
    assert done.status == 200, done.text
    assert house.recorded("SenderRemoved") == 1


def test_a_token_is_good_for_what_was_shown_and_to_whom_alone(ops: Caller, house: Door) -> None:
    others = house.caller("others")
    mine = token_of(ops, REMOVE)
    without = f"/campaigns/{SPRING}/resume"
    asked = (
        ops.do(REMOVE, **{PREVIEW: FORGED}),
        ops.do(REMOVE, **{PREVIEW: "nonsense"}),
        ops.do(REMOVE.replace(ANN, BOB), **{PREVIEW: mine}),
        ops.do(DISCONNECT, **{PREVIEW: mine}),
        ops.do(without, {"without": [ANN]}, **{PREVIEW: token_of(ops, without, {})}),
        others.do(REMOVE, **{PREVIEW: mine}),
    )
    others.close()

    assert {(each.status, each.code) for each in asked} == {(409, "foreign_preview")}
    assert house.recorded("SenderRemoved") == 0


def test_a_preview_changes_nothing_and_is_shown_only_to_who_may(ops: Caller, house: Door) -> None:
    viewer = house.caller("viewer", Role.VIEWER)
    end = house.program.opened.store.last_position()
    ops.preview(DISCONNECT)
    refused = viewer.preview(DISCONNECT)
    viewer.close()

    assert (refused.status, refused.code) == (403, "forbidden")
    assert house.program.opened.store.last_position() == end


def test_what_does_not_exist_is_refused_by_the_law_and_has_no_preview(ops: Caller) -> None:
    asked = ops.do("/accounts/nobody@acme.test/disconnect")

    assert (asked.status, asked.code) == (409, "unknown_account")
    assert ops.preview("/accounts/nobody@acme.test/disconnect").status == 404


def test_settings_that_are_named_are_set_and_the_others_stay(ops: Caller, house: Door) -> None:
    """R1"""
    path = f"/accounts/{ANN}/settings"
    ops.do(path, {"signature": "Ann", "limits": {"gap": 60}}, method="PATCH")
    done = ops.do(path, {"sending_speed": 7}, method="PATCH")

    assert done.status == 200, done.text
    with house.program.engine.look("acme") as now:
        found = now.account(ANN).settings
    assert (found.signature, found.sending_speed, found.limits) == ("Ann", 7, {"gap": 60})


def test_one_of_those_who_edit_the_same_version_wins(ops: Caller, house: Door) -> None:
    path = f"/accounts/{ANN}/settings"
    tag = ops.get(path).headers["etag"]

    def edit(number: int) -> Answer:
        caller = house.caller(f"editor-{number}")
        try:
            return caller.do(path, {"sending_speed": number}, method="PATCH", If_Match=tag)
        finally:
            caller.close()

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(edit, range(1, 9))]

    assert sorted(each.status for each in answers) == [200, *[412] * 7]
    assert house.recorded("SettingsUpdated") == 1


def test_edits_without_a_version_all_count(house: Door) -> None:
    """Each on what the one before left."""

    def edit(name: str) -> int:
        caller = house.caller(f"editor-{name}")
        try:
            return caller.do(f"/accounts/{ANN}/settings", {name: name}, method="PATCH").status
        finally:
            caller.close()

    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(edit, ("signature", "sender_name"))] == [200, 200]
    with house.program.engine.look("acme") as now:
        found = now.account(ANN).settings
    assert (found.signature, found.sender_name) == ("signature", "sender_name")


STEPS = {"zone": "Europe/Berlin", "steps": [{"name": "intro", "subject": "Hello", "text": "Hi."}]}


def test_steps_of_a_draft_are_set_and_those_of_a_running_one_confirmed(
    ops: Caller, house: Door
) -> None:
    """M3"""
    house.given(create(BOB, to=[R1], campaign="draft"))
    draft = ops.do("/campaigns/draft/steps", STEPS, method="PUT")
    running = ops.do(f"/campaigns/{SPRING}/steps", STEPS, method="PUT")
    confirmed = ops.confirm(f"/campaigns/{SPRING}/steps", STEPS, method="PUT")

    assert draft.status == 200, draft.text
    assert running.code == "preview_required"
    assert confirmed.status == 200, confirmed.text
    found = ops.get(f"/campaigns/{SPRING}/steps")
    assert found.body["steps"][0]["name"] == "intro"


@pytest.mark.parametrize("name", ["a/b c?#%", "Frühling 2026 ☃", "..", "a%2Fb", "preview"])
def test_any_name_works_in_a_path(ops: Caller, name: str) -> None:
    created = ops.do("/campaigns", {"campaign_id": name, "from_email": [BOB]})
    asked = ops.confirm(f"/campaigns/{named(name)}/start")

    assert created.status == 200, created.text
    assert asked.status == 200, asked.text
    assert ops.get(f"/campaigns/{named(name)}").body["campaign"]["status"] == "running"


def test_a_fleet_is_reconnected_as_shown(ops: Caller, house: Door) -> None:
    """R1-R3"""
    house.given(fail(ANN), fail(BOB))
    done = ops.confirm("/fleet/reconnect")
    resumed = ops.confirm("/fleet/resume")

    assert [each["name"] for each in done.body["done"]] == sorted([ANN, BOB]), done.text
    assert [each["name"] for each in resumed.body["done"]] == [SPRING]
    assert house.recorded("ConnectionRestored") == 2
    assert ops.get(f"/campaigns/{SPRING}").body["campaign"]["status"] == "running"


def test_forgetting_somebody_is_confirmed_and_done_for_good(ops: Caller, house: Door) -> None:
    """F1"""
    suppressed = ops.do("/suppressions", {"who": "dan@x.test"})
    found = house.program.opened.directory.recipient_at("acme", "dan@x.test")
    assert found is not None, suppressed.text
    done = ops.confirm(f"/recipients/{found}/forget", key="k1")
    again = ops.confirm(f"/recipients/{found}/forget", key="k1")

    assert (done.status, done.body["recipient_id"]) == (200, found), done.text
    assert (again.body, again.replayed) == (done.body, True)
    assert house.program.opened.directory.person("acme", found) is None
