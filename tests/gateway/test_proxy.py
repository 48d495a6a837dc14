"""The proxy on real sockets; every test runs over the HTTP adapter and over the in-process one."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import resource
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.upstream import HttpUpstream

MEBIBYTE = b"x" * 1024 * 1024


@pytest.fixture
async def client(gateway: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer(), timeout=30) as client:
        yield client


def problem_of(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:crmesh:problem:{code}"
    assert (document["code"], document["status"], document["errors"]) == (code, status, [])
    assert len(document["trace_id"]) == 32
    return document


async def test_request_arrives_as_sent(client: httpx.AsyncClient) -> None:
    response = await client.put(
        "/v1/accounts/a%20b/c?x=1%2F2&x=3", content=b"hello", headers={b"X-Custom": "é1".encode()}
    )
    seen = response.json()
    assert (seen["method"], seen["path"], seen["raw_path"]) == ("PUT", "/v1/accounts/a b/c", "/v1/accounts/a%20b/c")
    assert seen["query"] == "x=1%2F2&x=3"
    assert (seen["size"], seen["sha256"]) == (5, hashlib.sha256(b"hello").hexdigest())
    headers = dict(seen["headers"])
    assert headers["x-custom"] == "é1"
    assert headers["authorization"].startswith("Bearer ")
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == str(client.base_url).removeprefix("http://").rstrip("/")
    assert headers["x-request-timeout-ms"] == "5000"
    assert headers["x-request-id"] == response.headers["x-request-id"]


async def test_nothing_is_added_by_the_client_library(gateway: Any) -> None:
    token = gateway.issuer.token("rep-07").encode()
    raw = await gateway.raw(
        b"GET /v1/accounts/echo HTTP/1.1\r\nHost: g\r\nConnection: close\r\nAuthorization: Bearer "
        + token
        + b"\r\n\r\n"
    )
    seen = json.loads(_body(raw))
    names = {name for name, _ in seen["headers"]} - {"host"}
    assert names == {
        "authorization",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-request-id",
        "x-request-timeout-ms",
        "traceparent",
    }


def _body(raw: bytes) -> bytes:
    head, _, rest = raw.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


async def test_identity_and_hop_headers_of_the_client_do_not_pass(client: httpx.AsyncClient) -> None:
    response = await client.get(
        "/v1/accounts/echo",
        headers=[
            ("Connection", "X-Mine, close"),
            ("X-Mine", "1"),
            ("Keep-Alive", "timeout=5"),
            ("TE", "trailers"),
            ("Proxy-Authorization", "Basic x"),
            ("X-Forwarded-For", "6.6.6.6"),
            ("X-Forwarded-User", "admin"),
            ("Forwarded", "for=6.6.6.6"),
            ("X-Real-IP", "6.6.6.6"),
            ("X-Crmesh-Subject", "admin"),
            ("X-User-Id", "admin"),
            ("Remote-User", "admin"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("X-Request-Timeout-Ms", "999999"),
            ("X-Keep", "yes"),
        ],
    )
    seen = response.json()["headers"]
    names = [name for name, _ in seen]
    assert not {"x-mine", "keep-alive", "te", "proxy-authorization", "forwarded", "x-real-ip"} & set(names)
    assert not {"x-crmesh-subject", "x-user-id", "remote-user", "x-http-method-override", "x-forwarded-user"} & set(
        names
    )
    assert [value for name, value in seen if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for name, value in seen if name == "x-request-timeout-ms"] == ["5000"]
    assert ["x-keep", "yes"] in seen


async def test_answer_headers_pass_without_hop_headers(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/accounts/hops")
    assert (response.status_code, response.text) == (201, "ok")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["etag"] == '"3"'
    assert not {"x-secret", "keep-alive", "connection"} & set(response.headers)
    assert len(response.headers.get_list("date")) == 1
    assert len(response.headers.get_list("x-request-id")) == 1


async def test_redirects_and_head_pass_untouched(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/accounts/redirect")
    assert (response.status_code, response.headers["location"]) == (307, "/v1/accounts/echo")
    head = await client.head("/v1/accounts/hops")
    assert (head.status_code, head.content) == (201, b"")
    assert (await client.get("/v1/accounts/echo")).json()["method"] == "GET"


@pytest.mark.parametrize("given", ["short", "has space in it", "x" * 65, "semi;colon;id"])
async def test_malformed_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/v1/accounts/echo", headers={"X-Request-Id": given})
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 32


async def test_request_id_and_trace_are_kept(client: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    given = {"X-Request-Id": "order-4711", "traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "a=1"}
    response = await client.get("/v1/accounts/echo", headers=given)
    seen = dict(response.json()["headers"])
    assert response.headers["x-request-id"] == seen["x-request-id"] == "order-4711"
    assert seen["traceparent"].startswith(f"00-{trace}-")
    assert seen["tracestate"] == "a=1"
    unknown = (await client.get("/v1/nowhere", headers=given)).json()
    assert unknown["trace_id"] == trace
    fresh = dict((await client.get("/v1/accounts/echo", headers=given | {"traceparent": "00-bad"})).json()["headers"])
    assert trace not in fresh["traceparent"]
    assert "tracestate" not in fresh


async def test_forged_and_missing_tokens_never_reach_the_service(gateway: Any) -> None:
    good = gateway.issuer.token("rep-07")
    header, payload, _ = good.split(".")
    offers = ["", "Bearer", "Basic abc", f"Bearer {header}.{payload}.", f"Bearer {good}x", "Bearer " + "a" * 9000]
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for offer in offers:
            response = await client.post("/v1/accounts/echo", content=b"x", headers={"Authorization": offer})
            problem_of(response, 401, "unauthenticated")
            assert response.headers["www-authenticate"].startswith("Bearer")
        problem_of(await client.get("/v1/accounts/echo"), 401, "unauthenticated")
        twice = [("Authorization", f"Bearer {good}")] * 2
        problem_of(await client.get("/v1/accounts/echo", headers=twice), 401, "unauthenticated")
    assert gateway.service.calls == []


async def test_refusal_comes_before_the_body(gateway: Any) -> None:
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(b"POST /v1/accounts/echo HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 5)
    assert b" 401 " in status
    writer.close()


async def test_unknown_routes_are_refused(client: httpx.AsyncClient, gateway: Any) -> None:
    for path in (
        "/v1/nowhere",
        "/v1/accountsx",
        "/v1",
        "/v1/%61ccounts/echo",
        "/V1/accounts",
        "//v1/accounts",
        "/admin",
    ):
        problem_of(await client.get(path), 404, "not-found")
    assert gateway.service.calls == []


async def test_operational_routes_lose_the_service_name(client: httpx.AsyncClient) -> None:
    assert (await client.get("/admin/customer/parked?x=1")).json()["raw_path"] == "/admin/parked"


async def test_large_bodies_stream_both_ways_in_bounded_memory(client: httpx.AsyncClient) -> None:
    async def upload() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield MEBIBYTE

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    seen = (await client.post("/v1/accounts/echo", content=upload())).json()
    assert seen["size"] == 100 * len(MEBIBYTE)
    size = 0
    async with client.stream("GET", "/v1/accounts/big") as response:
        async for chunk in response.aiter_raw():
            size += len(chunk)
    assert size == 100 * len(MEBIBYTE)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 40, f"{grown:.0f} MiB for 200 MiB passed, {time.perf_counter() - started:.1f} s"


async def test_upload_arrives_while_it_is_sent(client: httpx.AsyncClient, gateway: Any) -> None:
    async def upload() -> AsyncIterator[bytes]:
        yield b"first"
        assert await asyncio.wait_for(gateway.service.arrived.get(), 5) == 5
        yield b"second"

    assert (await client.post("/v1/accounts/echo", content=upload())).json()["size"] == 11


async def test_answer_arrives_while_it_is_made(client: httpx.AsyncClient, gateway: Any) -> None:
    async with client.stream("GET", "/v1/accounts/gated") as response:
        chunks = response.aiter_raw()
        assert await asyncio.wait_for(anext(chunks), 5) == b"first"
        gateway.service.may_go_on.set()
        assert await asyncio.wait_for(anext(chunks), 5) == b"last"


async def test_slow_reader_holds_the_service_back(client: httpx.AsyncClient, gateway: Any) -> None:
    async with client.stream("GET", "/v1/accounts/big") as response:
        chunks = response.aiter_raw()
        await anext(chunks)
        await asyncio.sleep(0.5)
        assert gateway.service.sent < 40
    await gateway.until(lambda: not getattr(gateway.upstream, "_tasks", None))


async def test_client_that_leaves_is_told_to_the_service(gateway: Any) -> None:
    for path in ("hang", "endless"):
        gateway.service.told_of_disconnect.clear()
        async with httpx.AsyncClient(base_url=gateway.url, headers=gateway.bearer()) as client:
            call = asyncio.create_task(client.get(f"/v1/accounts/{path}"))
            await gateway.until(lambda p=path: f"/v1/accounts/{p}" in gateway.service.calls)
            await asyncio.sleep(0.1)
            call.cancel()
            await asyncio.wait({call})
            await asyncio.wait_for(gateway.service.told_of_disconnect.wait(), 5)


@pytest.mark.parametrize(
    ("framing", "part"), [(b"Content-Length: 100", b"half"), (b"Transfer-Encoding: chunked", b"4\r\nhalf\r\n")]
)
async def test_half_a_body_never_looks_whole(gateway: Any, framing: bytes, part: bytes) -> None:
    token = gateway.issuer.token("rep-07").encode()
    _, writer = await asyncio.open_connection(gateway.host, gateway.port)
    head = (
        b"POST /v1/accounts/echo HTTP/1.1\r\nHost: g\r\n"
        + framing
        + b"\r\nAuthorization: Bearer "
        + token
        + b"\r\n\r\n"
    )
    writer.write(head + part)
    assert await asyncio.wait_for(gateway.service.arrived.get(), 5) == 4
    writer.close()
    await asyncio.wait_for(gateway.service.told_of_disconnect.wait(), 5)
    assert gateway.service.ended_normally == 0


async def test_answer_before_the_body_was_read(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        response = await client.post("/v1/accounts/early", content=MEBIBYTE)
        assert (response.status_code, response.text) == (422, "no thanks")


async def test_answer_that_breaks_off_is_seen_as_broken(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/v1/accounts/cut")


async def test_body_limit(adapter: Any, start: Any) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 1024

    async with (
        start(*adapter, max_body_bytes=4096) as running,
        httpx.AsyncClient(base_url=running.url, headers=running.bearer()) as client,
    ):
        assert (await client.post("/v1/accounts/echo", content=b"x" * 4096)).json()["size"] == 4096
        problem_of(await client.post("/v1/accounts/echo", content=b"x" * 4097), 413, "body-too-large")
        assert len(running.service.calls) == 1
        problem_of(await client.post("/v1/accounts/echo", content=chunked()), 413, "body-too-large")
        await asyncio.wait_for(running.service.told_of_disconnect.wait(), 5)
        assert running.service.ended_normally == 1
        assert (await client.get("/v1/accounts/echo")).status_code == 200


async def test_slow_service_and_slow_client_are_told_apart(adapter: Any, start: Any) -> None:
    async with (
        start(*adapter, timeout_seconds=0.3) as running,
        httpx.AsyncClient(base_url=running.url, headers=running.bearer()) as client,
    ):
        problem_of(await client.get("/v1/accounts/hang"), 504, "upstream-timeout")
        await asyncio.wait_for(running.service.told_of_disconnect.wait(), 5)
        token = running.issuer.token("rep-07").encode()
        head = b"POST /v1/accounts/echo HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\nAuthorization: Bearer "
        answer = await running.raw(head + token + b"\r\n\r\nhalf")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"request-timeout"' in answer
        assert running.service.ended_normally == 1


async def test_progress_keeps_a_long_exchange_alive(adapter: Any, start: Any) -> None:
    async def slow() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x"
            await asyncio.sleep(0.1)

    async with (
        start(*adapter, timeout_seconds=0.3) as running,
        httpx.AsyncClient(base_url=running.url, headers=running.bearer()) as client,
    ):
        assert (await client.post("/v1/accounts/echo", content=slow())).json()["size"] == 6


async def test_a_slow_reader_keeps_its_time_and_one_that_stops_does_not(
    adapter: Any, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def read(pause: float) -> int:
        own, loop, size = socket.socket(), asyncio.get_running_loop(), 0
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        own.setblocking(False)
        with own:
            await loop.sock_connect(own, (running.host, running.port))
            token = running.issuer.token("rep-07").encode()
            line = b"GET /v1/accounts/whole HTTP/1.1\r\nHost: g\r\nConnection: close\r\nAuthorization: Bearer "
            await loop.sock_sendall(own, line + token + b"\r\n\r\n")
            while part := await loop.sock_recv(own, 64 * 1024):
                size += len(part)
                await asyncio.sleep(pause if size < 128 * 1024 or pause < 0.1 else 0)
        return size

    caplog.set_level(logging.WARNING)
    async with start(*adapter, timeout_seconds=0.4) as running:
        assert await read(0.02) > 4 << 20
        assert caplog.messages == []
        assert await read(2.0) < 4 << 20
        assert "answer broken off (request-timeout)" in caplog.text


async def test_many_at_once(client: httpx.AsyncClient) -> None:
    bodies = [bytes([number]) * (number * 997) for number in range(100)]
    answers = await asyncio.gather(*(client.post("/v1/accounts/echo", content=body) for body in bodies))
    assert [answer.json()["sha256"] for answer in answers] == [hashlib.sha256(body).hexdigest() for body in bodies]


async def test_service_that_is_away_or_speaks_no_http(start: Any) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"\x00\x01 no http\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for closed, status, code in ((False, 502, "upstream-broken"), (True, 503, "upstream-unavailable")):
        if closed:
            server.close()
            await server.wait_closed()
        async with (
            start(HttpUpstream(f"http://127.0.0.1:{port}"), None) as running,
            httpx.AsyncClient(base_url=running.url, headers=running.bearer()) as client,
        ):
            problem_of(await client.post("/v1/accounts/echo", content=b"x"), status, code)
