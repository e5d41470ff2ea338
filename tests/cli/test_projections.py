"""How the views stand, and what an operator does with one that is stopped."""

from contextlib import closing
from pathlib import Path

from adapters.cli.common import person
from adapters.settings.loading import load_settings
from adapters.stores.opening import open_store
from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.leading import Leader
from engine.ports.transactions import Append
from engine.ports.view_status import Stop
from engine.projecting import ProjectionRunner
from events.recorded import Envelope
from projections.accounts import ACCOUNTS
from projections.clocks import CLOCKS
from projections.shipped import SHIPPED
from tests.cli.keyboard import MAIN, Keyboard
from tests.law.story import ANN, NOON, SPRING

NAMES = [each.name for each in SHIPPED]
REASON = ("--reason", "written by mistake")


def poisoned(keyboard: Keyboard) -> int:
    """Two accounts, an event that nobody can read, and another account. Answers its position."""
    keyboard.two_accounts()
    return poison(keyboard, "never", 1)


def poison(keyboard: Keyboard, campaign: str, version: int) -> int:
    with closing(open_store(load_settings(store=keyboard.store))) as opened:
        with opened.store.transaction(MAIN) as transaction:
            envelope = Envelope(
                command_id="poison",
                command="Poison",
                workspace=MAIN,
                recorded_at=transaction.now,
                actor="user:test",
                correlation_id="poison",
                causation_id=None,
                first_position=1,
                event_count=1,
            )
            stream = f"{MAIN}:campaign:{campaign}"
            transaction.append(Append([(stream, version, "Poisoned", b"{}")], [envelope], {}, ()))
        return transaction.appended_after + 1


def test_every_view_is_listed_with_what_it_has_not_folded_yet(keyboard: Keyboard) -> None:
    keyboard.two_accounts()

    told = keyboard.json("projections")["projections"]

    assert [each["name"] for each in told] == NAMES
    end = {each["position"] + each["lag"] for each in told}
    assert len(end) == 1
    assert list(told[0]) == [
        "name",
        "version",
        "position",
        "lag",
        "keeper",
        "kept_since",
        "stopped_at",
        "error",
        "stopped_since",
        "skips",
    ]
    assert {(each["keeper"], each["stopped_at"]) for each in told} == {(None, None)}
    keyboard.do("accounts")
    assert {each["lag"] for each in keyboard.json("projections", "list")["projections"]} == {0}
    assert "recipient_status" in keyboard.do("projections")


def test_the_keeper_of_a_view_is_named(postgres_url: str, tmp_path: Path) -> None:
    keyboard = Keyboard(postgres_url, tmp_path)
    keyboard.two_accounts()
    with (
        closing(PostgresStore(postgres_url)) as store,
        closing(Leader(store, "worker 7")) as leader,
    ):
        views = PostgresViews(store).fenced(leader.lead([ACCOUNTS]))
        ProjectionRunner(store, views, [ACCOUNTS]).keep_up()
        told = {each["name"]: each for each in keyboard.json("projections")["projections"]}

        assert told["accounts"]["keeper"] == "worker 7"
        assert told["accounts"]["kept_since"].endswith("Z")
        assert told["clocks"]["keeper"] is None
        assert "worker 7" in keyboard.do("projections")


def test_a_stopped_view_is_what_a_human_is_needed_for_first(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)

    told = keyboard.json("status")

    assert [each["name"] for each in told["stopped_projections"]] == NAMES
    assert {each["stopped_at"] for each in told["stopped_projections"]} == {position}
    assert told["stopped_projections"][0]["error"].startswith("UnknownTopic: ")
    said = keyboard.do("status")
    assert said.startswith(f"View recipient_status is stopped at position {position} since ")
    assert "projections retry recipient_status" in said
    keyboard.refused(1, "projections", "catch-up")
    listed = keyboard.json("projections")["projections"]
    assert {(each["stopped_at"], each["position"]) for each in listed} == {(position, position - 1)}


def test_status_tells_what_it_can_where_a_campaign_cannot_be_read(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("campaigns", "create", SPRING, "--from", ANN)
    position = poison(keyboard, SPRING, 3)

    told = keyboard.json("status")

    assert {each["stopped_at"] for each in told["stopped_projections"]} == {position}
    assert told["waits"] == []


def test_whoever_needs_a_stopped_view_is_told_what_to_do(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)
    assert "'Poisoned'" in keyboard.refused(1, "accounts")
    keyboard.refused(1, "projections", "catch-up")

    complaint = keyboard.refused(1, "accounts")

    assert f"is stopped at position {position}" in complaint
    assert f"projections skip recipient_status --position {position}" in complaint


def test_an_event_is_skipped_view_by_view_and_the_reason_recorded(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)
    keyboard.refused(1, "projections", "catch-up")

    for name in NAMES:
        words = ("projections", "skip", name, "--position", position, *REASON, "--yes")
        assert keyboard.do(*words) == (
            f"{name} passes over position {position} and stands at {position}."
        )

    assert keyboard.do("status") == "Nothing needs you now."
    assert len(keyboard.json("accounts")["accounts"]) == 2
    for each in keyboard.json("projections")["projections"]:
        (skip,) = each["skips"]
        assert skip["position"] == position
        assert skip["reason"] == "written by mistake"
        assert skip["actor"] == f"user:{person()}"
        assert skip["skipped_at"].endswith("Z")


def test_a_skip_is_asked_for_first(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)
    keyboard.refused(1, "projections", "catch-up")
    words = ("projections", "skip", "clocks", "--position", position, *REASON)

    ran = keyboard.type(*words, answer="n\n")
    assert ran.code == 1
    assert f"never show what happened at position {position}" in ran.complaint
    assert keyboard.json("status")["stopped_projections"]

    assert "passes over" in keyboard.do(*words, answer="y\n")


def test_only_the_event_at_which_a_view_is_stopped_is_skipped(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)
    skip = ("projections", "skip", "clocks", *REASON, "--yes", "--position")
    assert "clocks is not stopped" in keyboard.refused(1, *skip, position)
    keyboard.refused(1, "projections", "catch-up")

    complaint = keyboard.refused(1, *skip, position - 1)

    assert f"is stopped at position {position}, so {position - 1} was not skipped" in complaint
    told = {each["name"]: each for each in keyboard.json("projections")["projections"]}
    assert (told["clocks"]["stopped_at"], told["clocks"]["skips"]) == (position, [])
    assert "Expected a reason" in keyboard.refused(
        2, "projections", "skip", "clocks", "--position", position, "--reason", " ", "--yes"
    )


def test_a_view_that_still_cannot_take_the_event_is_stopped_again(keyboard: Keyboard) -> None:
    position = poisoned(keyboard)
    assert "clocks is not stopped" in keyboard.refused(1, "projections", "retry", "clocks")
    keyboard.refused(1, "projections", "catch-up")

    complaint = keyboard.refused(1, "projections", "retry", "clocks")

    assert f"tries position {position} again, and is stopped at {position}: Unkn" in complaint
    assert "There is no projection clock. Did you mean clocks" in keyboard.refused(
        4, "projections", "retry", "clock"
    )


def test_a_view_whose_cause_is_gone_goes_on(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    with closing(open_store(load_settings(store=keyboard.store))) as opened:
        opened.views.reset(CLOCKS)
        opened.views.stop(CLOCKS, Stop(1, "an error of yesterday", NOON))
        end = opened.store.last_position()
    assert "is stopped at position 1 (an error of yesterday)" in keyboard.refused(1, "accounts")

    told = keyboard.json("projections", "retry", "clocks")["projection"]

    assert (told["name"], told["position"], told["stopped_at"]) == ("clocks", end, None)
    assert keyboard.json("accounts", "show", ANN)["clocks"] == []
