"""W3C Trace Context in a context variable, so that outbox rows and upstream calls carry the trace on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_FORMAT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class TraceParent:
    """One position in a trace: 32 hex digits of trace, 16 of span, and the sampled flag."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceParent:
        """A new span of the same trace."""
        return TraceParent(self.trace_id, secrets.token_hex(8), self.sampled)


_current: ContextVar[TraceParent | None] = ContextVar("crmesh_traceparent", default=None)


def parse_traceparent(header: str | None) -> TraceParent | None:
    """The header's position, or None when it is missing or malformed (W3C Trace Context, section 3.2)."""
    match = _FORMAT.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    version, trace, span, flags, more = match.groups()
    if version == "ff" or (version == "00" and more) or trace == _NO_TRACE or span == _NO_SPAN:
        return None
    return TraceParent(trace, span, bool(int(flags, 16) & 1))


def new_trace() -> TraceParent:
    """The root of a new sampled trace."""
    return TraceParent(secrets.token_hex(16), secrets.token_hex(8))


@contextmanager
def tracing(header: str | None = None) -> Iterator[TraceParent]:
    """Inside the block the current span is a child of `header`, or the root of a new trace when it has none."""
    parent = parse_traceparent(header)
    here = parent.child() if parent else new_trace()
    token = _current.set(here)
    try:
        yield here
    finally:
        _current.reset(token)


def current_traceparent() -> str:
    """Header text of the current span; empty outside a trace."""
    here = _current.get()
    return str(here) if here else ""


def trace_id() -> str:
    """Trace id of the current span; empty outside a trace."""
    here = _current.get()
    return here.trace_id if here else ""
