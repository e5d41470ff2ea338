"""Spans nest from the command to its events, and from each event to what it caused."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.observing.traces import MOST, Traces, exporter_of
from adapters.settings.model import EngineSettings, Tracing
from tests.law.story import ANN, BOB, HOUR, NOON, R1, SPRING, create, disconnect, pause
from tests.observing.watched import in_use, watched
from tests.stream.told import TELLER, entries_of, headers_of


class Drawn:
    """The spans of what happened, as trees."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._traces = Traces(self._exporter)
        self.workplace = watched(self._traces)

    @property
    def spans(self) -> list[ReadableSpan]:
        self._traces.close()
        return list(self._exporter.get_finished_spans())

    def below(self, parent: ReadableSpan) -> list[ReadableSpan]:
        return [span for span in self.spans if id_of_parent(span) == id_of(parent)]


@pytest.fixture
def drawn() -> Drawn:
    return Drawn()


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def id_of_parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def about(span: ReadableSpan, name: str) -> object:
    return (span.attributes or {}).get(f"sendledger.{name}")


def root(drawn: Drawn, command_id: str) -> ReadableSpan:
    (found,) = [each for each in drawn.spans if about(each, "command_id") == command_id]
    return found


@pytest.mark.rule("F2")
def test_a_disconnect_is_a_tree_of_command_event_reactions_and_their_events(drawn: Drawn) -> None:
    in_use(drawn.workplace).tell(disconnect(ANN), "gone")

    command = root(drawn, "gone")
    (event,) = drawn.below(command)
    reactions = drawn.below(event)

    assert (command.name, event.name) == ("DisconnectAccount", "AccountDisconnected")
    assert command.parent is None
    assert about(event, "topic") == "AccountDisconnected"
    assert {about(each, "actor") for each in reactions} >= {
        "processor:remove_disconnected_senders",
        "processor:start_clocks",
    }
    assert {about(each, "causation_id") for each in reactions} == {about(event, "event_id")}
    for each in reactions:
        assert len(drawn.below(each)) == about(each, "event_count")


def test_the_spans_of_a_tree_are_every_event_that_was_recorded(drawn: Drawn) -> None:
    answer = in_use(drawn.workplace).tell(disconnect(ANN), "gone")

    trace = trace_of(root(drawn, "gone"))
    tree = [each for each in drawn.spans if trace_of(each) == trace]

    told = {about(each, "event_id") for each in tree} - {None}
    assert told == {each.event_id for each in answer.recorded}


def test_a_span_lies_within_its_parent_s(drawn: Drawn) -> None:
    in_use(drawn.workplace).given(disconnect(ANN))

    by_id = {id_of(span): span for span in drawn.spans}
    for span in by_id.values():
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time
        parent = by_id.get(id_of_parent(span) or 0)
        if parent is not None:
            assert parent.start_time is not None
            assert parent.start_time <= span.start_time
            assert parent.end_time == span.end_time


def test_a_refusal_is_told_by_its_code(drawn: Drawn) -> None:
    refusal = drawn.workplace.tell(pause(), "too-early").refusal

    assert refusal is not None
    assert about(root(drawn, "too-early"), "refusal") == refusal.code


def test_a_clock_goes_on_in_the_trace_in_which_it_was_set(drawn: Drawn) -> None:
    in_use(drawn.workplace).tell(disconnect(ANN), "gone")
    drawn.workplace.at(NOON + HOUR).tick().tick()

    (expiry,) = [span for span in drawn.spans if span.name == "ExpireClock"]
    assert expiry.parent is None
    assert trace_of(expiry) == trace_of(root(drawn, "gone"))
    assert about(expiry, "actor") == "clock"
    assert about(expiry, "correlation_id") == "gone"
    assert about(expiry, "causation_id") in {e.event_id for e in drawn.workplace.log}


@pytest.mark.rule("F1")
def test_spans_have_ids_of_commands_and_events_and_nothing_of_what_they_say(drawn: Drawn) -> None:
    in_use(drawn.workplace).given(disconnect(ANN))

    told = json.dumps([dict(span.attributes or {}) for span in drawn.spans])
    assert not [who for who in (ANN, BOB, R1, SPRING) if f'"{who}"' in told or who in told]
    assert {key for span in drawn.spans for key in span.attributes or {}} == {
        f"sendledger.{name}"
        for name in (
            *("workspace", "command_id", "actor", "correlation_id", "causation_id"),
            *("event_count", "append_seconds", "event_id", "topic"),
        )
    }


@pytest.mark.rule("F2")
def test_spans_have_the_ids_that_the_stream_tells(drawn: Drawn) -> None:
    in_use(drawn.workplace).tell(disconnect(ANN), "gone")
    drawn.workplace.at(NOON + HOUR).tick().tick()

    spans = {about(each, "command_id"): each for each in drawn.spans} | {
        about(each, "event_id"): each for each in drawn.spans
    }
    for entry in entries_of(drawn.workplace.store, []):
        told = headers_of(TELLER.record(entry))["traceparent"]
        span = spans[entry.envelope.command_id]
        assert told == f"00-{trace_of(span):032x}-{id_of(span):016x}-01"
    for recorded in drawn.workplace.log:
        assert trace_of(spans[recorded.event_id]) == trace_of(spans[recorded.envelope.command_id])
    assert len({id_of(each) for each in drawn.spans}) == len(drawn.spans)


def test_of_very_many_events_the_first_have_spans_and_all_are_counted(drawn: Drawn) -> None:
    recipients = [f"r-{n}" for n in range(5 * MOST)]
    in_use(drawn.workplace).tell(create(ANN, to=recipients, campaign="large"), "large")

    command = root(drawn, "large")
    assert about(command, "event_count") == len(recipients) + 2
    assert len(drawn.below(command)) == MOST


def test_without_the_setting_there_is_no_exporter() -> None:
    assert exporter_of(EngineSettings()) is None


@contextmanager
def collector(requests: list[bytes]) -> Iterator[str]:
    """A real collector on HTTP, which keeps what it is sent."""

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody wants to read it."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Variables for the length of the test."""
    before = dict(os.environ)
    yield os.environ  # type: ignore[misc]
    os.environ.clear()
    os.environ.update(before)


def test_a_collector_gets_the_spans_by_the_standard_variables(
    environment: dict[str, str],
) -> None:
    received: list[bytes] = []
    with collector(received) as url:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
        exporter = exporter_of(EngineSettings(tracing=Tracing.OTLP))
        assert exporter is not None
        with closing(Traces(exporter)) as traces:
            in_use(watched(traces)).given(disconnect(ANN))

    (request,) = map(ExportTraceServiceRequest.FromString, received)
    (resource,) = request.resource_spans
    service = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert service["service.name"] == "sendledger"
    names = [span.name for scope in resource.scope_spans for span in scope.spans]
    assert "AccountDisconnected" in names


def test_the_service_has_the_name_the_environment_gives_it(environment: dict[str, str]) -> None:
    environment["OTEL_SERVICE_NAME"] = "ledger of acme"
    drawn = Drawn()
    in_use(drawn.workplace)

    assert drawn.spans[0].resource.attributes["service.name"] == "ledger of acme"


PROGRAM = """
import sys
for name in ("opentelemetry", "opentelemetry.sdk"):
    sys.modules[name] = None
from adapters.observing.traces import exporter_of
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
assert exporter_of(EngineSettings()) is None
try:
    exporter_of(EngineSettings(tracing="otlp"))
except SettingsError as error:
    print(error)
"""


def test_where_opentelemetry_is_not_installed_the_setting_says_what_to_install() -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    ).stdout

    assert said.startswith("Setting tracing: otlp needs OpenTelemetry, which is not installed")
    assert "pip install 'sendledger[tracing]'" in said


def test_spans_are_printed_on_request() -> None:
    program = (
        "from adapters.observing.traces import Traces, exporter_of\n"
        "from adapters.settings.model import EngineSettings\n"
        "from tests.observing.watched import in_use, watched\n"
        "traces = Traces(exporter_of(EngineSettings(tracing='console')))\n"
        "in_use(watched(traces))\n"
        "traces.close()\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert re.search(r'"name": "ConnectAccount"', said)
