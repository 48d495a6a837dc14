"""The in-process adapter where it differs from a socket: tasks, contexts, failures."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.body import BodyBroken, RequestBody
from gateway.problems import UpstreamError
from gateway.upstream import AsgiUpstream, UpstreamRequest

GET = UpstreamRequest("GET", "/x", "", [])
caller: ContextVar[str] = ContextVar("caller", default="nobody")


def messages(*bodies: bytes, ending: str = "http.request") -> Receive:
    queue = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    queue.append({"type": ending, "body": b"", "more_body": False})

    async def receive() -> Any:
        await asyncio.sleep(0)
        return queue.pop(0)

    return receive


def body_of(receive: Receive, limit: int = 100) -> RequestBody:
    return RequestBody(receive, limit, lambda: None)


async def answer(send: Send, *parts: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def test_application_sees_neither_the_callers_context_nor_its_state() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        scope["state"]["mine"] = True
        seen.extend([caller.get(), dict(scope["headers"])[b"host"], scope["path"], scope["raw_path"]])
        await answer(send)

    state: dict[str, Any] = {"pool": 1}
    upstream = AsgiUpstream(app, name="risk", state=state)
    caller.set("gateway")
    async with upstream.open(UpstreamRequest("GET", "/a%20b", "", [])) as response:
        assert [chunk async for chunk in response.body] == []
    assert seen == ["nobody", b"risk", "/a b", b"/a%20b"]
    assert state == {"pool": 1}


@pytest.mark.parametrize("parts", [0, 1])
async def test_crash_is_an_upstream_error_and_what_was_sent_arrives(parts: int) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if parts:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("defect")

    received: list[bytes] = []

    async def read() -> None:
        async with AsgiUpstream(app).open(GET) as response:
            async for chunk in response.body:
                received.append(chunk)

    with pytest.raises(UpstreamError):
        await read()
    assert received == [b"half"] * parts


async def test_work_after_the_answer_goes_on_and_is_cancelled_on_close() -> None:
    state = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"x")
        await receive()
        state.append((await receive())["type"])
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            state.append("cancelled")
            raise

    upstream = AsgiUpstream(app)
    async with upstream.open(GET) as response:
        assert [chunk async for chunk in response.body] == [b"x"]
    await asyncio.sleep(0.01)
    assert state == ["http.disconnect"]
    await upstream.aclose()
    assert state == ["http.disconnect", "cancelled"]


async def test_cancelled_read_does_not_end_the_body() -> None:
    gate = asyncio.Event()
    source = messages(b"one", b"two")

    async def receive() -> Any:
        await gate.wait()
        return await source()

    total = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        gate.set()
        while (message := await receive())["more_body"]:
            total.append(message["body"])
        await answer(send)

    async with AsgiUpstream(app).open(UpstreamRequest("POST", "/x", "", [], body_of(receive))) as response:
        assert response.status == 200
    assert total == [b"one", b"two"]


@pytest.mark.parametrize(("limit", "ending"), [(5, "http.request"), (100, "http.disconnect")])
async def test_broken_body_is_a_disconnect_for_the_application(limit: int, ending: str) -> None:
    seen = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            seen.append(message["body"])
        seen.append((await receive())["type"])

    body = body_of(messages(b"1234", b"5678", ending=ending), limit)
    upstream = AsgiUpstream(app)
    with pytest.raises(UpstreamError, match="broke off"):
        async with upstream.open(UpstreamRequest("POST", "/x", "", [], body)):
            pass
    await asyncio.sleep(0.01)
    assert seen[-1] == "http.disconnect"
    assert b"" not in seen
    assert body.is_too_large is (limit == 5)
    assert body.is_client_gone is (limit == 100)
    with pytest.raises(BodyBroken):
        await anext(body)


async def test_sender_is_let_go_when_the_reader_leaves() -> None:
    sent = 0

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b""})

    upstream = AsgiUpstream(app)
    async with upstream.open(GET) as response:
        chunks = response.body
        await anext(chunks)
        await asyncio.sleep(0.02)
        assert sent <= 4
    async with asyncio.timeout(2):
        await asyncio.gather(*upstream._tasks)
    assert sent == 50
