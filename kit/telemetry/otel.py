"""Spans by OpenTelemetry, sent by OTLP over HTTP. Needs the extra `otel`; imported only when tracing is asked for.

Configured by OpenTelemetry's own environment variables: OTEL_EXPORTER_OTLP_ENDPOINT (or ..._TRACES_ENDPOINT) turns it
on, OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none off; OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and the like mean what they mean everywhere.
"""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from kit.telemetry.tracing import Attributes, Kind, TraceParent

_KINDS: dict[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}


class RecordedSpan:
    """One span of OpenTelemetry."""

    __slots__ = ("_span", "here")

    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.here = TraceParent(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)

    def describe(self, name: str, attributes: Attributes) -> None:
        """An answer of 500 or above is an error of this side."""
        self._span.update_name(name)
        self._span.set_attributes(attributes)
        status = attributes.get("http.response.status_code")
        if isinstance(status, int) and status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))

    def end(self, error: BaseException | None) -> None:
        """Its error by type only: messages may hold personal data."""
        if error is not None:
            self._span.set_attribute("error.type", type(error).__qualname__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class OtelSpans:
    """Starts spans with one tracer per service, as several may share a process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracers: dict[str, Tracer] = {}

    def start(
        self, name: str, kind: Kind, service: str, parent: TraceParent | None, attributes: Attributes
    ) -> RecordedSpan:
        """A span that begins now. The parent counts as being elsewhere: the sampler follows its flag."""
        tracer = self._tracers.get(service)
        if tracer is None:
            tracer = self._tracers[service] = self._provider.get_tracer(f"crmesh.{service}")
        context = set_span_in_context(NonRecordingSpan(_context_of(parent)), Context()) if parent else Context()
        return RecordedSpan(tracer.start_span(name, context, _KINDS[kind], attributes))


def _context_of(parent: TraceParent) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)


def otlp_provider(service: str) -> TracerProvider:
    """Provider of a process that sends its spans in batches from a thread of its own."""
    named = OTELResourceDetector().detect().attributes
    own = {SERVICE_NAMESPACE: "crmesh", SERVICE_NAME: f"crmesh-{service}"}
    resource = Resource.create({name: value for name, value in own.items() if name not in named})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
