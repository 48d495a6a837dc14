"""One trace across HTTP and events: from the request that places an order to the partner's rebate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cli.load.client import connected
from cli.story import run_story
from kit.native.process import free_port
from kit.telemetry.otel import OtelSpans
from kit.telemetry.tracing import record_with
from kit.testing.program import system_folder
from standalone.system import Options, running

PLACE = "POST /v1/orders/{order_id}/place"
DECIDED = [
    (PLACE, "crmesh.customer"),
    ("publish customer.order.placed.v1", "crmesh.customer"),
    ("process customer.order.placed.v1", "crmesh.risk"),
    ("publish risk.credit.reserved.v1", "crmesh.risk"),
    ("process risk.credit.reserved.v1", "crmesh.customer"),
    ("publish customer.order.confirmed.v1", "crmesh.customer"),
]
CREDITED = [
    ("process customer.order.confirmed.v1", "crmesh.targets"),
    ("publish targets.order.credited.v1", "crmesh.targets"),
]
ACCRUED = [
    ("process customer.order.confirmed.v1", "crmesh.channels"),
    ("publish channels.rebate.accrued.v1", "crmesh.channels"),
]


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    made = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    record_with(OtelSpans(provider))
    yield made
    record_with(None)
    provider.shutdown()


def named(span: ReadableSpan) -> tuple[str, str]:
    assert span.instrumentation_scope is not None
    return span.name, span.instrumentation_scope.name


def way_to(span: ReadableSpan, spans: dict[int, ReadableSpan]) -> list[tuple[str, str]]:
    """Names from the root of the trace down to a span."""
    way = [span]
    while way[-1].parent is not None:
        way.append(spans[way[-1].parent.span_id])
    return [named(one) for one in reversed(way)]


def traces_of(exporter: InMemorySpanExporter) -> dict[int, dict[int, ReadableSpan]]:
    """Trace id -> span id -> span."""
    found: dict[int, dict[int, ReadableSpan]] = {}
    for span in exporter.get_finished_spans():
        assert span.context is not None
        found.setdefault(span.context.trace_id, {})[span.context.span_id] = span
    return found


async def test_order_credit_attainment_and_rebate_are_one_trace(
    exporter: InMemorySpanExporter, prepared: Callable[[Path], Path]
) -> None:
    with system_folder() as folder:
        options, stop = Options(prepared(folder), port=free_port()), asyncio.Event()
        async with running(options, stop) as system:
            serving = asyncio.create_task(system.serve(stop))
            await system.wait_until_serving()
            async with connected(options.url) as api:
                assert (await run_story(api)).broken == ""
            stop.set()
            await serving
    traces = [spans for spans in traces_of(exporter).values() if PLACE in {span.name for span in spans.values()}]
    by_end = {named(span): way_to(span, spans) for spans in traces for span in spans.values()}
    edge = ("POST /v1/orders", "crmesh.gateway")
    assert by_end[CREDITED[-1]] == [edge, *DECIDED, *CREDITED]
    assert by_end[ACCRUED[-1]] == [edge, *DECIDED, *ACCRUED]
    whole = next(spans for spans in traces if CREDITED[-1] in {named(span) for span in spans.values()})
    services = {name for _, name in map(named, whole.values())}
    assert services == {f"crmesh.{name}" for name in ("gateway", "customer", "risk", "targets", "channels")}
    assert not any("/livez" in span.name or "/readyz" in span.name for spans in traces for span in spans.values())
