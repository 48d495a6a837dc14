"""Spans: off they cost nothing and change nothing, on they follow the traces that are there anyway."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from structlog.testing import capture_logs

from kit.events.envelope import traced
from kit.telemetry.otel import OtelSpans
from kit.telemetry.spans import is_wanted, recording
from kit.telemetry.tracing import current_traceparent, describe_request, is_recording, record_with, trace_id, tracing
from kit.testing.service import make_event

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    made = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    record_with(OtelSpans(provider))
    yield made
    record_with(None)
    provider.shutdown()


def test_a_request_is_a_span_below_its_caller(exporter: InMemorySpanExporter) -> None:
    with tracing(GIVEN, "customer", "/v1/orders/7") as here:
        assert current_traceparent() == str(here)
        describe_request("GET", "/v1/orders/{order_id}", 503)
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.status.status_code) == ("GET /v1/orders/{order_id}", StatusCode.ERROR)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/orders/{order_id}",
        "http.response.status_code": 503,
    }
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == (here.trace_id, here.span_id)
    assert (here.trace_id, f"{span.parent.span_id:016x}") == (TRACE, SPAN)


def test_an_error_is_named_by_its_type_only(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="secret"), tracing(GIVEN, "customer", "/v1/orders"):
        raise ValueError("secret of rep@example.com")
    (span,) = exporter.get_finished_spans()
    assert (span.status.status_code, span.attributes) == (StatusCode.ERROR, {"error.type": "ValueError"})
    assert span.events == ()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz", "/metrics"])
def test_probes_are_not_recorded(exporter: InMemorySpanExporter, path: str) -> None:
    with tracing(None, "customer", path):
        assert len(trace_id()) == 32
        describe_request("GET", path, 200)
    assert exporter.get_finished_spans() == ()


def test_what_the_caller_does_not_sample_is_not_recorded_but_carried_on(exporter: InMemorySpanExporter) -> None:
    with tracing(GIVEN[:-2] + "00", "customer", "/v1/orders") as here:
        assert (here.trace_id, here.sampled) == (TRACE, False)
    assert exporter.get_finished_spans() == ()


def test_events_go_on_below_a_span_of_their_own(exporter: InMemorySpanExporter) -> None:
    events = [make_event("customer.order.placed.v1", {"n": n}, n) for n in range(2)]
    with tracing(GIVEN), traced("consumer", "risk", events) as handed:
        assert [event.id for event in handed] == [event.id for event in events]
    spans = {span.name for span in exporter.get_finished_spans()}
    assert spans == {"process customer.order.placed.v1", "request"}
    assert len({event.traceparent for event in handed}) == 2
    assert all(event.traceparent for event in handed)


def test_off_events_stay_what_they_are() -> None:
    events = [make_event("customer.order.placed.v1", {"n": 1}, 1)]
    with traced("producer", "risk", events) as handed:
        assert handed is events


async def test_off_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys, kit.process, gateway.main, standalone.system\n"
        "from standalone.registry import SERVICES, room\n"
        "[room(name, part) for name in SERVICES for part in ('app', 'worker')]\n"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
    _, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_environment_decides(environment: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environment) is wanted


@pytest.fixture
async def collector() -> AsyncIterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP endpoint over HTTP, and what it was sent."""
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_spans_reach_a_collector_before_the_process_ends(collector: Any, monkeypatch: Any) -> None:
    url, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    async with recording("risk"):
        with tracing(GIVEN, "risk", "/v1/credit-profiles"):
            describe_request("GET", "/v1/credit-profiles", 200)
    assert not is_recording()
    (sent,) = [resource for request in received for resource in request.resource_spans]
    resource = {one.key: one.value.string_value for one in sent.resource.attributes}
    assert (resource["service.name"], resource["service.namespace"]) == ("crmesh-risk", "crmesh")
    (span,) = sent.scope_spans[0].spans
    assert (span.name, span.trace_id.hex()) == ("GET /v1/credit-profiles", TRACE)


async def test_the_environment_names_the_service(collector: Any, monkeypatch: Any) -> None:
    url, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "crm")
    async with recording("risk"):
        with tracing(None, "risk", "/v1/x"):
            pass
    (sent,) = [resource for request in received for resource in request.resource_spans]
    assert {one.key: one.value.string_value for one in sent.resource.attributes}["service.name"] == "crm"


async def test_without_the_extra_the_process_works_on_and_says_so(monkeypatch: Any) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "kit.telemetry.otel", None)
    with capture_logs() as logs:
        async with recording("risk"):
            assert not is_recording()
    assert [(line["event"], line["hint"]) for line in logs] == [("tracing_unavailable", "install crmesh[otel]")]
