"""A command's trace and span follow from its ids, so that every resend says the same."""

import re

from engine.stream.trace_context import event_span_id, span_id, trace_id, traceparent
from tests.stream_contract import examples

ENVELOPE = next(examples()).envelope


def test_the_parent_is_the_command_in_the_trace_of_what_it_all_began_with() -> None:
    later = ENVELOPE._replace(command_id="command-2")

    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", traceparent(later))
    assert traceparent(later) == f"00-{trace_id(ENVELOPE)}-{span_id(later)}-01"
    assert span_id(later) != span_id(ENVELOPE)


def test_equal_ids_of_two_workspaces_are_not_taken_for_one() -> None:
    other = ENVELOPE._replace(workspace="other")

    assert trace_id(other) != trace_id(ENVELOPE)
    assert span_id(other) != span_id(ENVELOPE)


def test_an_event_s_span_is_no_command_s() -> None:
    odd = ENVELOPE._replace(command_id="command-1.0")

    assert event_span_id(ENVELOPE.event_id(0)) != span_id(odd)
