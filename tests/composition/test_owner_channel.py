"""The way to owners is the one that the settings name, and what cannot be is told as a setting."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.composition.notices import owner_channel
from adapters.composition.programs import rehearsal
from adapters.settings.errors import SettingsError
from adapters.settings.mail import RelayTls
from adapters.settings.model import EngineSettings
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from projections.notices import NoticeRow
from projections.shipped import SHIPPED

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTICE = NoticeRow("main", "ann@acme.example", "ann@acme.example#1", "1", issued_at=NOON)
BOB = "bob@acme.example"


def settings(**given: Any) -> EngineSettings:
    return EngineSettings(**{"notice_sender": "notices@acme.example", **given})


def channel_of(given: EngineSettings) -> Any:
    return owner_channel(given, rehearsal(ManualClock(NOON)).views)


def test_a_relay_goes_before_the_outbox_and_without_either_there_is_no_way(tmp_path: Path) -> None:
    outbox = settings(outbox=tmp_path)
    relay = settings(outbox=tmp_path, notice_relay="[::1]:25")
    assert [channel_of(each) and channel_of(each).name for each in (settings(), outbox, relay)] == [
        *(None, "maildir", "smtp")
    ]
    assert [each.tells_owners for each in (settings(), outbox, relay)] == [False, True, True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"notice_sender": None}, "notice_sender"),
        ({"notice_relay_user": "x"}, "belong together"),
        ({"notice_relay_tls": RelayTls.NONE}, "on this machine"),
        ({"notice_relay_ca_file": Path("nowhere.pem")}, "No such file"),
        ({"admins": {"main": ["dä@acme.example"]}}, "the owner's address"),
    ],
)
def test_what_cannot_be_is_told_as_a_setting(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        channel_of(settings(notice_relay="relay.example:587", **given))


@pytest.mark.rule("N2")
def test_a_relay_that_logs_in_as_an_account_that_is_connected_anywhere_is_not_used() -> None:
    here = rehearsal(ManualClock(NOON))
    told = settings(
        notice_relay="127.0.0.1:1", notice_relay_user=BOB, notice_relay_password="x" * 9
    )
    connect = ConnectAccount(
        account_id=BOB, slot_id="s1", provider="simulated", report=simulated_report(None)
    )
    channel = owner_channel(told, here.views)
    assert channel is not None
    for command, said in (
        (None, "cannot be reached"),
        (connect, "as bob@"),
        (DisconnectAccount(account_id=BOB), "cannot be reached"),
    ):
        if command is not None:
            answer = here.engine.execute("other", command, command_id=f"{command}", actor="user:x")
            assert answer.refusal is None
            ProjectionRunner(here.store, here.views, SHIPPED).catch_up()
        with pytest.raises(OSError, match="relay") as failed:
            channel.deliver(NOTICE)
        assert said in str(failed.value)
