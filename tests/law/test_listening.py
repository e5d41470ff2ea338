"""A process says once, by a type, what it listens to; and who answers comes in order."""

import pytest

from events.base import Event
from events.campaign import GracePeriodCured, GracePeriodExpired
from events.email_account import (
    AccountDisconnected,
    CheckPassed,
    ConnectionFailed,
    ConnectionRestored,
    OneClickReconnected,
)
from processors import cure_clocks, notify_owners, remove_disconnected_senders
from processors.listening import listens_to
from processors.reactions import REACTIONS, by_event


def test_a_function_listens_to_the_classes_of_its_event() -> None:
    assert listens_to(cure_clocks.react) == {CheckPassed, OneClickReconnected}
    assert listens_to(remove_disconnected_senders.react) == {AccountDisconnected}
    assert listens_to(notify_owners.react) == {
        *(ConnectionFailed, AccountDisconnected, ConnectionRestored),
        *(GracePeriodCured, GracePeriodExpired),
    }


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (
            AccountDisconnected,
            [
                *("occupy_slots", "supersede_clocks", "start_clocks", "pause_campaigns"),
                *("remove_disconnected_senders", "notify_owners"),
            ],
        ),
        (ConnectionRestored, ["clear_pause_causes", "notify_owners"]),
        (GracePeriodExpired, ["notify_owners"]),
    ],
)
def test_the_process_managers_answer_an_event_in_the_order_of_the_law(
    event: type[Event], names: list[str]
) -> None:
    assert [reaction.name for reaction in by_event()[event]] == names
    assert by_event() == REACTIONS
