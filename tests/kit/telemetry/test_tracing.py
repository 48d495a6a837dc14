import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.telemetry.tracing import TraceParent, current_traceparent, new_trace, parse_traceparent, trace_id, tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"


def test_header_round_trip() -> None:
    parsed = parse_traceparent(GIVEN)
    assert parsed == TraceParent(TRACE, SPAN, sampled=True)
    assert str(parsed) == GIVEN
    assert str(parse_traceparent(f" 00-{TRACE}-{SPAN}-00 ")) == f"00-{TRACE}-{SPAN}-00"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\nX",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[:-1]}٣-{SPAN}-01",
    ],
)
def test_malformed_headers_start_a_new_trace(header: str | None) -> None:
    assert parse_traceparent(header) is None
    with tracing(header) as here:
        assert here.trace_id == trace_id() != TRACE


def test_future_version_may_say_more() -> None:
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01-what-comes") == TraceParent(TRACE, SPAN)


@given(st.text(max_size=80))
def test_any_header_is_taken_or_refused(header: str) -> None:
    parsed = parse_traceparent(header)
    assert parsed is None or parse_traceparent(str(parsed)) == parsed


def test_block_is_a_child_span_and_ends() -> None:
    assert (current_traceparent(), trace_id()) == ("", "")
    with tracing(GIVEN) as outer:
        assert (outer.trace_id, trace_id()) == (TRACE, TRACE)
        assert outer.span_id != SPAN
        with tracing(current_traceparent()) as inner:
            assert inner.trace_id == TRACE
            assert inner.span_id != outer.span_id
            assert current_traceparent() == str(inner)
        assert current_traceparent() == str(outer)
    assert current_traceparent() == ""


async def test_tasks_at_once_do_not_mix() -> None:
    async def request() -> tuple[str, str]:
        own = new_trace()
        with tracing(str(own)):
            await asyncio.sleep(0)
            return own.trace_id, trace_id()

    for given_id, seen in await asyncio.gather(*(request() for _ in range(20))):
        assert given_id == seen
