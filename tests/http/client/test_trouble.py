"""The shipped client when answers are lost, servers are busy, or somebody is after its token."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from sendledger_client import Client, Problem, Unreachable

from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.certificates import make_certificate
from tests.http.client.servers import Said, free_port, losing_answers, saying
from tests.http.commands.callers import Door, door, token
from tests.workplace import ACME

FRIDA = "frida@elm.test"


def test_a_command_whose_answer_is_lost_is_done_once(house: Door, secret: str) -> None:
    before = house.recorded("PersonSuppressed")
    with (
        losing_answers(house.port, [True, True]) as address,
        Client(address, secret, workspace=ACME) as client,
    ):
        client.suppress(who=FRIDA)
    assert house.recorded("PersonSuppressed") == before + 1


def test_a_busy_server_is_asked_again_under_the_same_key() -> None:
    passing = (
        Said(503, {"code": "busy"}, {"Retry-After": "0"}),
        Said(429, {}, {"Retry-After": "0"}),
        Said(409, {"code": "still_running"}),
        Said(502, "no JSON object"),
    )
    with (
        saying(*passing, Said(200, {"recorded": 1})) as (address, seen),
        Client(address, "token") as client,
    ):
        assert client.suppress(who=FRIDA) == {"recorded": 1}
    assert len(seen) == 5
    assert len({each.key for each in seen}) == 1
    assert seen[0].key


def test_a_server_that_asks_for_more_patience_than_there_is_is_not_waited_for() -> None:
    busy = Said(503, {"code": "busy", "detail": "Later."}, {"Retry-After": "3600"})
    with (
        saying(busy) as (address, seen),
        Client(address, "token", patience=5) as client,
        pytest.raises(Problem, match=r"^Later\.$"),
    ):
        client.now()
    assert len(seen) == 1


def test_what_would_be_done_twice_is_not_asked_for_again() -> None:
    with (
        saying(Said(503, {"code": "store_unavailable"})) as (address, seen),
        Client(address, "token") as client,
        pytest.raises(Problem),
    ):
        client.make_token(name="reports", role="viewer")
    assert len(seen) == 1


def test_an_answer_that_is_no_problem_of_ours_is_one_all_the_same() -> None:
    with (
        saying(Said(500, ["a proxy's"])) as (address, _),
        Client(address, "token") as client,
        pytest.raises(Problem) as found,
    ):
        client.now()
    assert (found.value.status, found.value.code) == (500, "http_500")


def test_the_token_is_neither_shown_nor_sent_elsewhere() -> None:
    with saying() as (elsewhere, seen_there):
        moved = Said(307, {}, {"Location": f"{elsewhere}/v1/now"})
        with saying(moved) as (address, seen), Client(address, "s3cret") as client:
            with pytest.raises(Problem) as found:
                client.now()
            assert "s3cret" not in repr(client) + repr(found.value) + repr(vars(found.value))
    assert found.value.status == 307
    assert seen[0].authorization == "Bearer s3cret"
    assert not seen_there


@pytest.mark.parametrize("secret", ["", "two words", "a\nb", "tökén"])
def test_what_is_no_token_is_refused_unseen(secret: str) -> None:
    with pytest.raises(ValueError, match="The token is none") as refused:
        Client("http://127.0.0.1", secret)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("address", ["http://ledger.test", "ftp://127.0.0.1", "ledger.test", ""])
def test_a_token_travels_in_the_clear_on_this_machine_alone(address: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Client(address, "token")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    cert = make_certificate(tmp_path)
    settings = load_settings(
        store=tmp_path / "ledger.db",
        workspace=ACME,
        http="127.0.0.1:0",
        http_tls_cert=cert.file,
        http_tls_key=cert.key,
    )
    with door(settings) as house:
        secret = token(house.program, "backend", Role.VIEWER, None)
        address = f"https://127.0.0.1:{house.port}"
        with Client(address, secret) as stranger, pytest.raises(Unreachable, match="SSLError"):
            stranger.caller()
        with Client(address, secret, authority=str(cert.file)) as client:
            assert client.caller()["role"] == "viewer"


def test_nobody_there_is_told_with_the_key_to_ask_again_with() -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}", "token", patience=0.3) as client,
        pytest.raises(Unreachable, match="key='one'") as lost,
    ):
        client.suppress(who=FRIDA, key="one")
    assert lost.value.key == "one"


def test_a_server_that_is_started_again_meanwhile_is_waited_for(settings: EngineSettings) -> None:
    with door(settings) as house:
        secret = token(house.program, "backend", Role.OPERATOR, None)
        client = Client(f"http://127.0.0.1:{house.port}", secret, workspace=ACME)
        client.suppress(who=FRIDA)
        before = house.recorded("PersonSuppressed")
    with client, ThreadPoolExecutor() as pool:
        asked = pool.submit(client.suppress, who="hans@elm.test")
        with door(settings) as house:
            asked.result(60)
            assert house.recorded("PersonSuppressed") == before + 1


def test_the_feed_goes_on_where_it_was_when_the_server_is_started_again(
    settings: EngineSettings,
) -> None:
    with door(settings) as house:
        secret = token(house.program, "backend", Role.ADMIN, None)
        client = Client(f"http://127.0.0.1:{house.port}", secret, workspace=ACME)
        end = house.program.opened.store.last_position()
        feed = client.read_feed(limit=7, wait=1)
        found = [int(each["sequence"]) for each in islice(feed, end)]
    with client, ThreadPoolExecutor() as pool:
        following = pool.submit(next, feed)
        with door(settings), Client(client._address, secret, workspace=ACME) as other:
            other.suppress(who=FRIDA)
            last = following.result(60)
    assert "PeopleCommitted" in last["type"]
    assert [*found, int(last["sequence"])] == list(range(1, end + 2))
