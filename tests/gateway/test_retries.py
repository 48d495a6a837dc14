"""Second attempts: only where harmless, within the budget, with the same bytes; over both adapters."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Receive, Scope, Send

from gateway.breaker import RetryBudget
from gateway.passage import ATTEMPTS, REPLAYED_BYTES
from gateway.upstream import HttpUpstream
from tests.gateway.conftest import EchoService


class Flaky(EchoService):
    """Fails as often as it is told to, in the way the last segment of the path names."""

    fails: int = 0
    bodies: list[str]
    timeouts: list[int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls.append(scope["method"])
        self.bodies = getattr(self, "bodies", [])
        self.timeouts = getattr(self, "timeouts", [])
        self.timeouts.append(int(dict(scope["headers"])[b"x-request-timeout-ms"]))
        how = scope["path"].rsplit("/", 1)[1]
        if self.fails:
            self.fails -= 1
            if how.endswith("late"):
                await self._read(receive)
            if how.startswith("die"):
                raise RuntimeError("the application dies")
            return await self._answer(send, b"busy", int(how[:3]))
        _, digest, _ = await self._read(receive)
        self.bodies.append(digest)
        await self._answer(send, orjson.dumps({"sha256": digest}))


@pytest.fixture
def flaky(adapter: Any) -> Flaky:
    """The adapter's service with another behaviour."""
    upstream, service = adapter
    service.__class__ = Flaky
    assert upstream is not None
    return service  # type: ignore[no-any-return]


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


@pytest.mark.parametrize("how", ["502", "503-late", "504", "die", "die-late"])
async def test_harmless_requests_are_repeated(flaky: Flaky, gateway: Any, how: str) -> None:
    if how.startswith("die") and isinstance(gateway.upstream, HttpUpstream):
        # a server answers for its application that died: that is an answer, and it is not asked again
        flaky.fails = 1
        async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
            assert (await client.get(f"/v1/accounts/{how}")).status_code == 500
        assert flaky.calls == ["GET"]
        return
    body = b"0123456789" * 1000
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
        for method, headers, content, fails in (
            ("GET", {}, None, ATTEMPTS - 1),
            ("PUT", {}, body, ATTEMPTS - 1),
            ("DELETE", {}, None, 1),
            ("POST", {"Idempotency-Key": "k"}, body, ATTEMPTS - 1),
            ("PATCH", {"Idempotency-Key": "k"}, chunks(body, 700), ATTEMPTS - 1),
            ("POST", {"Idempotency-Key": "k"}, b"", 1),
        ):
            flaky.fails, before = fails, len(flaky.calls)
            answer = await client.request(method, f"/v1/accounts/{how}", headers=headers, content=content)
            assert answer.status_code == 200, method
            assert answer.json()["sha256"] == hashlib.sha256(body if content else b"").hexdigest()
            assert flaky.calls[before:] == [method] * (fails + 1)
    assert flaky.timeouts[0] == 5000
    assert all(1 <= later < 5000 for later in flaky.timeouts[1:ATTEMPTS]), "the deadline is that of the request"


async def test_a_write_without_a_key_is_sent_once(flaky: Flaky, gateway: Any) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
        for method, how, status in (("POST", "503", 503), ("PATCH", "502-late", 502), ("POST", "die", None)):
            flaky.fails = 1
            answer = await client.request(method, f"/v1/accounts/{how}", content=b"x")
            assert status is None or answer.status_code == status
            assert flaky.fails == 0
    assert flaky.calls == ["POST", "PATCH", "POST"]


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500])
async def test_other_answers_are_final(flaky: Flaky, gateway: Any, status: int) -> None:
    flaky.fails = 1
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
        assert (await client.get(f"/v1/accounts/{status}")).status_code == status
    assert len(flaky.calls) == 1


async def test_a_body_beyond_the_bound_is_sent_once(flaky: Flaky, gateway: Any) -> None:
    headers = {"Idempotency-Key": "k"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer() | headers) as client:
        for content in (b"x" * (REPLAYED_BYTES + 1), chunks(b"x" * (REPLAYED_BYTES + 1), 5000)):
            flaky.fails = 1
            assert (await client.post("/v1/accounts/503-late", content=content)).status_code == 503
        flaky.fails = 1
        assert (await client.post("/v1/accounts/503-late", content=b"x" * REPLAYED_BYTES)).status_code == 200
    assert len(flaky.calls) == 4


async def test_last_failure_is_the_answer(flaky: Flaky, gateway: Any) -> None:
    flaky.fails = 10
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
        answer = await client.get("/v1/accounts/503")
    assert (answer.status_code, answer.text) == (503, "busy")
    assert len(flaky.calls) == ATTEMPTS


async def test_retries_stay_within_a_tenth(flaky: Flaky, gateway: Any) -> None:
    flaky.fails = 10**6
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
        for _ in range(10):
            await asyncio.gather(*(client.get("/v1/accounts/503") for _ in range(20)))
    assert 200 + 20 <= len(flaky.calls) <= 200 + 10 + 20


async def test_a_client_that_leaves_is_not_repeated(flaky: Flaky, gateway: Any) -> None:
    token = gateway.issuer.token("rep-07").encode()
    _, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(
        b"PUT /v1/accounts/200 HTTP/1.1\r\nHost: g\r\nContent-Length: 100\r\nAuthorization: Bearer "
        + token
        + b"\r\n\r\nhalf"
    )
    await asyncio.wait_for(flaky.arrived.get(), 5)
    writer.close()
    await asyncio.wait_for(flaky.told_of_disconnect.wait(), 5)
    await asyncio.sleep(0.2)
    assert len(flaky.calls) == 1
    assert flaky.ended_normally == 0


async def test_a_service_that_comes_back_in_time_was_never_away(start: Any) -> None:
    """Connections refused at first: what happens when a process is replaced."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    connected = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        await reader.readuntil(b"\r\n\r\n")
        if connected > 1:  # the first is dropped without an answer
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def listen() -> asyncio.Server:
        await asyncio.sleep(0.02)
        return await asyncio.start_server(answer, "127.0.0.1", port)

    async with (
        start(HttpUpstream(f"http://127.0.0.1:{port}"), EchoService()) as running,
        httpx.AsyncClient(base_url=running.url, headers=running.bearer()) as client,
    ):
        listening = asyncio.create_task(listen())
        assert (await client.get("/v1/accounts/echo")).text == "ok"
        (await listening).close()
    assert connected == 2


def test_budget_is_a_tenth_and_starts_full() -> None:
    budget = RetryBudget(share=0.1, most=3)
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    taken = 0
    for _ in range(1000):
        budget.earn()
        taken += budget.take()
    assert 99 <= taken <= 100
    for _ in range(1000):
        budget.earn()
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
