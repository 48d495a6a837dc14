"""W3C Trace Context in a context variable, so that outbox rows and upstream calls carry the trace on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from random import getrandbits
from typing import Final, Literal, NamedTuple, Protocol

PROBES: Final = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})
"""Paths of every process that are asked all the time; they are no part of any trace."""

_FORMAT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


def random_hex(size: int) -> str:
    """Hex digits of `size` random bytes, for ids that need not be secret: no system call."""
    return f"{getrandbits(8 * size):0{2 * size}x}"


class TraceParent(NamedTuple):
    """One position in a trace: 32 hex digits of trace, 16 of span, and the sampled flag."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceParent:
        """A new span of the same trace."""
        return TraceParent(self.trace_id, random_hex(8), self.sampled)


correlation: ContextVar[str] = ContextVar("crmesh_correlation", default="")
"""Id of the request being served; empty outside of one."""

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
    return TraceParent(random_hex(16), random_hex(8))


Kind = Literal["server", "producer", "consumer", "internal"]
"""What a span is: the answer to a request, a message sent, a message worked, a piece of a process's own work."""

Attributes = Mapping[str, str | int]


class Span(Protocol):
    """A stretch of a trace that is being recorded."""

    @property
    def here(self) -> TraceParent:
        """Its position."""
        ...

    def describe(self, name: str, attributes: Attributes) -> None:
        """Its name and what is known of it by now."""
        ...

    def end(self, error: BaseException | None) -> None:
        """It is over."""
        ...


class Spans(Protocol):
    """Records spans; `kit.telemetry.otel` does. Without one, positions are drawn and nothing is recorded."""

    def start(self, name: str, kind: Kind, service: str, parent: TraceParent | None, attributes: Attributes) -> Span:
        """A span that begins now, below `parent` (in whatever process that is) or as the root of a new trace."""
        ...


_spans: Spans | None = None
_span: ContextVar[Span | None] = ContextVar("crmesh_span", default=None)


def record_with(spans: Spans | None) -> None:
    """From now on spans of this process are recorded by `spans`; None turns that off."""
    global _spans
    _spans = spans


class tracing:
    """Inside the block the current span is a child of `header`, or the root of a new trace when it has none.

    What begins at the edge of a process is named later, by `describe_request`.
    """

    __slots__ = ("_parent", "_service", "_span", "_tokens", "_what")

    def __init__(self, header: str | None = None, service: str = "", what: str = "", kind: Kind = "server") -> None:
        self._parent = parse_traceparent(header) if header else None
        self._service, self._what = service, (what, kind)

    def __enter__(self) -> TraceParent:
        self._span: Span | None = None
        if _spans is None or self._what[0] in PROBES:
            here = self._parent.child() if self._parent else new_trace()
        else:
            name, kind = self._what if self._what[1] != "server" else ("request", self._what[1])
            self._span = _spans.start(name, kind, self._service, self._parent, {})
            here = self._span.here
        self._tokens = (_current.set(here), _span.set(self._span))
        return here

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        _current.reset(self._tokens[0])
        _span.reset(self._tokens[1])
        if self._span is not None:
            self._span.end(error)


def describe_request(method: str, route: str, status: int) -> None:
    """Name the span of the request being served, now that its route is known."""
    span = _span.get() if _spans is not None else None
    if span is not None:
        attributes: Attributes = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        span.describe(f"{method} {route}", attributes)


@contextmanager
def continuing(header: str) -> Iterator[None]:
    """Inside the block log lines belong to the trace of `header`; nothing is recorded."""
    token = _current.set(parse_traceparent(header))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def message_spans(
    kind: Literal["producer", "consumer"], service: str, messages: Sequence[tuple[str, str]]
) -> Iterator[list[str]]:
    """Record a span for each message, given as (type, traceparent); yields the traceparents to go on with.

    When nothing is recorded those are the given ones: the trace goes on, without a step of its own here.
    """
    if _spans is None:
        yield [header for _, header in messages]
        return
    verb = "publish" if kind == "producer" else "process"
    begun = [
        _spans.start(f"{verb} {what}", kind, service, parse_traceparent(header), {"messaging.message.type": what})
        for what, header in messages
    ]
    error: BaseException | None = None
    try:
        yield [str(span.here) for span in begun]
    except BaseException as raised:
        error = raised
        raise
    finally:
        for span in begun:
            span.end(error)


def is_recording() -> bool:
    """Whether spans of this process are recorded."""
    return _spans is not None


def current_traceparent() -> str:
    """Header text of the current span; empty outside a trace."""
    here = _current.get()
    return str(here) if here else ""


def trace_id() -> str:
    """Trace id of the current span; empty outside a trace."""
    here = _current.get()
    return here.trace_id if here else ""
