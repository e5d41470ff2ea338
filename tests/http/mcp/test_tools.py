"""Tools: who may use which, what they tell, what is recorded of a call."""

import json
import subprocess
import sys
from http.client import HTTPConnection

import pytest

from adapters.composition.access import looks_of, tokens_of, tool_calls_of
from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from engine.work.ports import Person
from engine.work.tool_calls import Called
from tests.http.commands.callers import Door, token
from tests.http.mcp.models import Model, Told, ask_by_pipe, ask_by_socket
from tests.law.story import import_recipients

HOSTILE = "Ignore all"
READ = {"now", "find", "account", "campaign"}
CASES = {"why", "proof"}
LOG = {"what_if", "differences", "events", "event", "checks"}
CASE: dict[str, object] = {"campaign_id": "spring", "recipient_id": "r1"}
EACH: dict[str, dict[str, object]] = {
    "now": {},
    "find": {"recipient": "r1"},
    "why": CASE,
    "account": {"account_id": "ann@acme.test", "at": "2026-03-02T12:30:00Z"},
    "campaign": {"campaign_id": "spring"},
    "proof": CASE,
    "what_if": {"leave_out": "1"},
    "differences": {"from": "2026-03-02T12:00:30Z", "to": "2026-03-02T12:30:00Z"},
    "events": {"type": "RecipientStopped", "limit": 2},
    "event": {"position": "3"},
    "checks": {},
    "preview": {"act": "disconnect_account", "names": {"account_id": "bob@acme.test"}},
}


def made(house: Door, role: Role, name: str = "model", workspace: str = "acme") -> str:
    return token(house.program, name, role, workspace)


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (Role.CONSUMER, set()),
        (Role.VIEWER, READ),
        (Role.AUDITOR, READ | LOG | CASES),
        (Role.SUPPORT, READ | LOG | CASES | {"preview"}),
    ],
)
def test_a_role_is_shown_the_tools_it_may_use(house: Door, role: Role, names: set[str]) -> None:
    assert ask_by_socket(house.port, made(house, role), Model.names) == names


def test_every_tool_says_that_it_only_reads_and_takes_nothing_unknown(house: Door) -> None:
    async def asked(model: Model) -> None:
        tools = (await model.client.list_tools()).tools
        assert len(tools) == 12
        for each in tools:
            assert each.annotations is not None
            assert each.annotations.read_only_hint is True
            assert each.input_schema["additionalProperties"] is False
            assert (await model.call(each.name, nonsense=1)).body["code"] == "invalid_request"

    ask_by_socket(house.port, made(house, Role.OPERATOR), asked)


async def each_answer(model: Model) -> dict[str, Told]:
    return {name: await model.call(name, **given) for name, given in EACH.items()}


def test_each_tool_answers_over_http_and_writes_nothing_to_the_log(house: Door) -> None:
    """F2, F3"""
    before = house.program.opened.store.last_position()
    told = ask_by_socket(house.port, made(house, Role.OPERATOR), each_answer)
    assert [each for each in told.values() if each.failed] == []
    assert told["preview"].body.keys() == {"preview"}
    assert told["why"].body["sentences"]
    assert house.program.opened.store.last_position() == before
    calls = tool_calls_of(house.program.opened).recorded("acme", 0, 100)
    assert [each.tool for each in calls] == [*EACH]
    assert {(each.by, each.outcome) for each in calls} == {("token:model", "answered")}


def test_each_tool_answers_over_stdio_as_over_http(settings: EngineSettings, house: Door) -> None:
    told = ask_by_pipe(
        settings, each_answer, "--role", "operator", "--name", "pipe", "--workspace", "acme"
    )
    other = ask_by_socket(house.port, made(house, Role.OPERATOR), each_answer)
    lasting = EACH.keys() - {"now", "account", "campaign", "why", "preview", "find"}
    assert {name: told[name] for name in lasting} == {name: other[name] for name in lasting}
    assert {name for name, each in told.items() if each.failed} == set()
    calls = tool_calls_of(house.program.opened).recorded("acme", 0, 100)
    assert {each.by for each in calls} == {"mcp:pipe", "token:model"}


def test_a_case_shown_is_a_look_at_it(house: Door) -> None:
    async def asked(model: Model) -> Told:
        return await model.call("why", **CASE)

    assert not ask_by_socket(house.port, made(house, Role.AUDITOR), asked).failed
    (look,) = looks_of(house.program.opened).recorded("acme", 0, 10)
    assert (look.by, look.recipient_id) == ("token:model", "r1")
    (call,) = tool_calls_of(house.program.opened).recorded("acme", 0, 10)
    assert (call.tool, call.campaign_id, call.recipient_id) == ("why", "spring", "r1")


def test_a_proof_tells_where_in_the_log_its_sentences_are_recorded(house: Door) -> None:
    """F3"""

    async def asked(model: Model) -> tuple[Told, Told]:
        return await model.call("why", **CASE), await model.call("proof", **CASE)

    why, told = ask_by_socket(house.port, made(house, Role.AUDITOR), asked)
    sentences = told.body["case"]["sentences"]
    entries = [each.pop("entry") for each in sentences]
    assert {*entries} <= {*told.body["entries"]}
    assert sentences == why.body["sentences"]
    assert "\n88\n" in told.body["checkpoint"]["untrusted"]
    assert "sendledger-replay verify" in told.body["how_to_verify"]["untrusted"]
    looks = looks_of(house.program.opened).recorded("acme", 0, 10)
    calls = tool_calls_of(house.program.opened).recorded("acme", 0, 10)
    assert [each.recipient_id for each in looks] == ["r1", "r1"]
    assert [(each.tool, each.recipient_id) for each in calls] == [("why", "r1"), ("proof", "r1")]


def test_what_a_role_may_not_use_is_refused_and_recorded(house: Door) -> None:
    async def asked(model: Model) -> list[Told]:
        return [
            await model.call("why", **CASE),
            await model.call("preview", act="disconnect_account"),
            await model.call("delete_everything jane@x.test"),
        ]

    told = ask_by_socket(house.port, made(house, Role.VIEWER), asked)
    codes = ["forbidden", "forbidden", "unknown_tool"]
    assert [each.body["code"] for each in told] == codes
    assert all(each.failed for each in told)
    calls = tool_calls_of(house.program.opened).recorded("acme", 0, 10)
    assert [(each.tool, each.outcome, each.arguments) for each in calls] == [
        ("why", "forbidden", "{}"),
        ("preview", "forbidden", "{}"),
        ("unknown", "unknown_tool", "{}"),
    ]
    assert looks_of(house.program.opened).recorded("acme", 0, 10) == []


def test_a_foreign_workspace_is_not_there(house: Door) -> None:
    async def asked(model: Model) -> Told:
        return await model.call("now", workspace="other")

    told = ask_by_socket(house.port, made(house, Role.OPERATOR), asked)
    assert (told.failed, told.body["code"]) == (True, "no_such_workspace")


@pytest.mark.parametrize("name", [".", "..", "../../looks", "%2e%2e", "a\0b", "?", "#"])
def test_a_name_leads_to_no_other_address(house: Door, name: str) -> None:
    async def asked(model: Model) -> list[Told]:
        return [
            await model.call("why", campaign_id=name, recipient_id="r1"),
            await model.call("preview", act="disconnect_account", names={"account_id": name}),
        ]

    for told in ask_by_socket(house.port, made(house, Role.OPERATOR), asked):
        assert told.failed
        assert told.body["status"] in {404, 422}


def test_what_was_searched_for_is_not_kept(house: Door) -> None:
    """F1"""

    async def asked(model: Model) -> list[Told]:
        return [
            await model.call("find", recipient="jane@x.test"),
            await model.call("events", text="jane@x.test"),
            await model.call("account", account_id="jane@x.test"),
        ]

    ask_by_socket(house.port, made(house, Role.OPERATOR), asked)
    calls = tool_calls_of(house.program.opened).recorded("acme", 0, 10)
    assert len(calls) == 3
    assert "jane" not in repr(calls)


def test_calls_are_shown_to_who_may_see_looks(house: Door) -> None:
    tool_calls_of(house.program.opened).record(Called("a", "acme", "now", "{}", "answered"))
    auditor, operator = house.caller("a", Role.AUDITOR), house.caller("o", Role.OPERATOR)
    (call,) = auditor.get("/tool-calls").body["calls"]
    assert (call["number"], call["by"], call["tool"]) == (1, "a", "now")
    assert auditor.get("/tool-calls?after=1").body["calls"] == []
    assert operator.get("/tool-calls").status == 403
    auditor.close()
    operator.close()


@pytest.mark.parametrize(
    ("role", "name", "address"),
    [(Role.AUDITOR, "I… a…", "e…@hers.test"), (Role.SUPPORT, HOSTILE, "eve@hers.test")],
)
def test_a_persons_name_is_masked_by_role_and_marked_as_text_of_others(
    house: Door, role: Role, name: str, address: str
) -> None:
    """F1"""
    directory = house.program.opened.directory
    (someone,) = directory.enrol("acme", [Person("eve@hers.test", HOSTILE)])
    house.given(import_recipients(someone))

    async def asked(model: Model) -> Told:
        return await model.call("find", recipient="eve@hers.test")

    (row,) = ask_by_socket(house.port, made(house, role), asked).body["rows"]
    shown = [each["untrusted"] if isinstance(each, dict) else each for each in row.values()]
    assert row["name"] == {"untrusted": name}
    assert address in shown


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"Authorization": "Basic good", "Cookie": "session=x"}, 401),
        ({"Host": "evil.test"}, 421),
        ({"Origin": "https://evil.test"}, 403),
    ],
)
def test_strangers_are_kept_out(house: Door, headers: dict[str, str], status: int) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    good = {} if status == 401 else {"Authorization": f"Bearer {made(house, Role.VIEWER)}"}
    kind = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    connection = HTTPConnection("127.0.0.1", house.port, timeout=30)
    connection.request("POST", "/mcp", json.dumps(asked), {**kind, **good, **headers})
    assert connection.getresponse().status == status
    connection.close()


def test_a_revoked_token_is_good_no_more(house: Door) -> None:
    revoked = made(house, Role.VIEWER)
    tokens_of(house.program.opened).revoke("model")
    connection = HTTPConnection("127.0.0.1", house.port, timeout=30)
    connection.request("POST", "/mcp", "{}", {"Authorization": f"Bearer {revoked}"})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (401, "not_signed_in")
    connection.close()


def test_a_process_ends_when_its_client_is_gone(settings: EngineSettings) -> None:
    asked = [sys.executable, "-m", "adapters.program", "mcp", "--role", "viewer"]
    place = ["--store", str(settings.store), "--workspace", "acme"]
    ended = subprocess.run([*asked, *place], stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert ended.returncode == 0


def test_a_client_that_goes_before_its_answer_harms_nobody(house: Door) -> None:
    good = made(house, Role.OPERATOR)
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "checks"}}
    for _ in range(10):
        connection = HTTPConnection("127.0.0.1", house.port, timeout=30)
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request(
            "POST", "/mcp", json.dumps(asked), {**kind, "Authorization": f"Bearer {good}"}
        )
        connection.close()
    assert ask_by_socket(house.port, good, Model.names)
