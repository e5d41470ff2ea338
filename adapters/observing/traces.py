"""Spans for OpenTelemetry: a command, its events below it, and below those what they caused.

A command that comes from outside its transaction, from a person or from a timer, has no parent. The
ids of traces and spans are those in the stream (``engine.stream.trace_context``), so a consumer's
spans hang below ours, and everything that began with one command is one trace. Only ids are
exported (F1): events do not say who a recipient is, and none of their fields are exported.
"""

import json
import time
from threading import local
from typing import TYPE_CHECKING, cast

from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings, Tracing
from engine.batch import Batch
from engine.observing import Committed
from engine.stream.trace_context import event_span_id, span_id, trace_id
from events.base import Event
from events.catalogue import CATALOGUE

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Tracer

MOST = 20
"""Events of one command that get a span, besides those that caused some: a stop has 100,000."""
Attributes = dict[str, str | int | float]


def exporter_of(settings: EngineSettings) -> "SpanExporter | None":
    """The exporter that the setting ``tracing`` names; None if there is none.

    Raises ``SettingsError`` if OpenTelemetry is not installed.
    """
    if settings.tracing is Tracing.OFF:
        return None
    try:
        return _exporter(settings.tracing)
    except ImportError as error:
        raise SettingsError(
            f"Setting tracing: {settings.tracing} needs OpenTelemetry, which is not installed "
            f"({error}). Install it: pip install 'sendledger[tracing]'; or set tracing to off."
        ) from error


def _exporter(tracing: Tracing) -> "SpanExporter":
    if tracing is Tracing.CONSOLE:
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()


class Traces:
    """An observer. Spans are exported in the background; ``close`` exports what is left."""

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._ids = _Ids()
        self._provider = _provider(self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("sendledger")

    def committed(self, done: Committed) -> None:
        _Tree(self._tracer, self._ids, done).grow()

    def close(self) -> None:
        self._provider.shutdown()


class _Ids(local):
    """The ids of this thread's next span: OpenTelemetry asks without saying which span it is."""

    trace_id = 0
    span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id

    def is_trace_id_random(self) -> bool:
        return False


class _Tree:
    """The spans of one transaction. All end at its commit, when their events became true."""

    def __init__(self, tracer: "Tracer", ids: _Ids, done: Committed) -> None:
        self._tracer = tracer
        self._ids = ids
        self._done = done
        self._causes = {batch.envelope.causation_id for batch in done.batches}
        self._facts: dict[str | None, tuple[Context, int]] = {}
        """Events that have a span: its context, and when they were decided."""
        self._to_unix = time.time_ns() - time.perf_counter_ns()

    def grow(self) -> None:
        for batch in self._done.batches:
            self._ids.trace_id = int(trace_id(batch.envelope), 16)
            command = self._command(batch)
            for index, event in enumerate(batch.events):
                event_id = batch.envelope.event_id(index)
                if index < MOST or event_id in self._causes:
                    about = _of_event(event, event_id)
                    self._ids.span_id = int(event_span_id(event_id), 16)
                    fact = self._span(type(event).__name__, command, batch.decided_at, about)
                    self._facts[event_id] = fact, batch.decided_at

    def _command(self, batch: Batch) -> "Context":
        about = _of_command(batch)
        cause, began = self._facts.get(batch.envelope.causation_id, (None, self._done.entered_at))
        if cause is None:
            about["sendledger.append_seconds"] = self._done.append_seconds
        self._ids.span_id = int(span_id(batch.envelope), 16)
        return self._span(batch.envelope.command, cause, began, about)

    def _span(
        self, name: str, parent: "Context | None", began: int, about: Attributes
    ) -> "Context":
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        context = Context() if parent is None else parent
        start = began + self._to_unix
        span = self._tracer.start_span(name, context, attributes=about, start_time=start)
        span.end(self._done.committed_at + self._to_unix)
        return set_span_in_context(span, context)


def _of_command(batch: Batch) -> Attributes:
    envelope = batch.envelope
    about: Attributes = {
        "sendledger.workspace": envelope.workspace,
        "sendledger.command_id": envelope.command_id,
        "sendledger.actor": envelope.actor,
        "sendledger.correlation_id": envelope.correlation_id,
        "sendledger.event_count": len(batch.events),
    }
    if envelope.causation_id is not None:
        about["sendledger.causation_id"] = envelope.causation_id
    if envelope.rejection is not None:
        about["sendledger.refusal"] = json.loads(envelope.rejection)["code"]
    return about


def _of_event(event: Event, event_id: str) -> Attributes:
    topic, _ = CATALOGUE.encoders[type(event)]
    return {"sendledger.event_id": event_id, "sendledger.topic": topic}


def _provider(ids: _Ids) -> "TracerProvider":
    """A provider for this program, not global. The standard variables set name and sampling."""
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "sendledger"}))
    return TracerProvider(resource=resource, id_generator=cast("IdGenerator", ids))
