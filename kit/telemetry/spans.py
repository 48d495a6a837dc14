"""Turns the recording of spans on when the environment asks for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from kit.telemetry.tracing import record_with

log = structlog.get_logger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's variables name a collector for spans and do not turn them off."""
    is_off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none"
    )
    return not is_off and any(environment.get(name) for name in _ENDPOINTS)


@asynccontextmanager
async def recording(service: str) -> AsyncIterator[None]:
    """While the block runs the process's spans are sent to the collector that the environment names, if it names one.

    Without the extra `otel` that is logged as an error, and the process works on: tracing is no reason to be down.
    """
    if not is_wanted(os.environ):
        yield
        return
    try:
        from kit.telemetry.otel import OtelSpans, otlp_provider
    except ImportError as error:
        log.error("tracing_unavailable", service=service, hint="install crmesh[otel]", error=repr(error))
        yield
        return
    provider = otlp_provider(service)
    record_with(OtelSpans(provider))
    try:
        yield
    finally:
        record_with(None)
        await asyncio.to_thread(provider.shutdown)
