"""The shipped client against a real server: what it asks, what it makes of the answers."""

import itertools

import pytest
from sendledger_client import Client, Problem

from events.vocabulary import instant_text
from tests.http.commands.callers import Door
from tests.law.story import ANN, BOB, MINUTE, NOON, R3, REPLIED, SPRING, signal

FRIDA = "frida@elm.test"
GINA = b"email\ngina@elm.test\n"


def test_a_list_goes_on_from_page_to_page(client: Client) -> None:
    whole = list(client.list_campaign_recipients(SPRING))
    assert len(whole) > 4
    assert list(client.list_campaign_recipients(SPRING, limit=2)) == whole


def test_the_log_goes_on_from_page_to_page_in_both_directions(client: Client) -> None:
    whole = [each["position"] for each in client.events()]
    assert len(whole) > 50
    assert [each["position"] for each in client.events(limit=7)] == whole
    assert [each["position"] for each in client.events(limit=7, newest=True)] == whole[::-1]


def test_a_past_moment_is_asked_for(client: Client) -> None:
    then = instant_text(NOON + 2 * MINUTE)
    before = {each["account_id"]: each["status"] for each in client.list_accounts(at=then)}
    now = {each["account_id"]: each["status"] for each in client.list_accounts()}
    assert (before[ANN], now[ANN]) == ("disconnected", "successful")


def test_filters_and_fields_are_handed_on(client: Client) -> None:
    rows = list(client.list_accounts(status="successful", fields="account_id"))
    assert {"account_id": BOB} in rows
    assert all(each.keys() == {"account_id"} for each in rows)


def test_a_command_is_done_once_under_its_key(client: Client, house: Door) -> None:
    before = house.recorded("PersonSuppressed")
    first = client.suppress(who=FRIDA, key="one")
    assert client.suppress(who=FRIDA, key="one") == first
    assert house.recorded("PersonSuppressed") == before + 1


def test_another_command_under_the_key_is_refused(client: Client) -> None:
    client.suppress(who=FRIDA, key="one")
    with pytest.raises(Problem) as refused:
        client.suppress(who="hans@elm.test", key="one")
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_used")


def test_a_refusal_tells_code_rule_sentence_and_facts(client: Client) -> None:
    with pytest.raises(Problem) as refused:
        client.add_sender(SPRING, account_id=ANN)
    problem = refused.value
    assert (problem.status, problem.code, problem.rule) == (409, "already_in_campaign", "T4")
    assert problem.detail == str(problem)
    assert ANN in problem.detail
    assert problem.facts


def test_what_must_be_confirmed_is_refused_then_shown_and_done_once(
    client: Client, house: Door
) -> None:
    client.suppress(who=FRIDA)
    with pytest.raises(Problem) as refused:
        client.release(who=FRIDA, reason="a slip")
    assert refused.value.code == "preview_required"
    preview = client.preview_release(who=FRIDA, reason="a slip")
    assert preview.shown
    assert house.recorded("PersonReleased") == 0
    assert preview.confirm() == preview.confirm()
    assert house.recorded("PersonReleased") == 1


def test_what_changed_since_it_was_shown_is_not_done(client: Client, house: Door) -> None:
    before = house.recorded("AccountDisconnected")
    preview = client.preview_disconnect_account(BOB)
    house.given(signal(REPLIED, R3))
    with pytest.raises(Problem) as refused:
        preview.confirm()
    assert (refused.value.status, refused.value.code) == (409, "stale_preview")
    assert house.recorded("AccountDisconnected") == before


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(client: Client) -> None:
    value, tag = client.read_account_settings(ANN)
    assert isinstance(value, dict)
    client.set_account_settings(ANN, signature="Ann", if_match=tag)
    with pytest.raises(Problem) as refused:
        client.set_account_settings(ANN, signature="Anna", if_match=tag)
    assert (refused.value.status, refused.value.code) == (412, "changed_meanwhile")


def test_a_list_of_people_is_uploaded(client: Client) -> None:
    client.create_campaign(campaign_id="spring/2", from_email=[BOB])
    begun = client.import_recipients("spring/2", content=GINA)
    progress = itertools.count()
    while (told := client.import_progress(begun["import_id"]))["state"] == "running":
        assert next(progress) < 10_000
    assert told["state"] == "done"
    assert len(list(client.list_campaign_recipients("spring/2"))) == 1


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_leads_to_no_other_address(client: Client, name: str) -> None:
    with pytest.raises(ValueError, match="Nothing can be called"):
        client.pause_campaign(name)


@pytest.mark.parametrize("name", ["spring/../summer", "a?b=c", "a#b", "%2e%2e", "ann b", "é"])
def test_any_other_name_arrives_as_it_is(client: Client, name: str) -> None:
    with pytest.raises(Problem) as refused:
        client.campaign(name)
    assert refused.value.code == "unknown_campaign"
    assert refused.value.facts == {"name": name}


def test_tokens_and_filters_are_kept_and_removed(client: Client) -> None:
    made = client.make_token(name="reports", role="viewer")
    assert made["token"]
    client.revoke_token("reports")
    client.save_filter("mine", query="newest=true")
    assert client.saved_filters() == {"filters": [{"name": "mine", "query": "newest=true"}]}
    client.remove_filter("mine")
    assert client.saved_filters() == {"filters": []}
