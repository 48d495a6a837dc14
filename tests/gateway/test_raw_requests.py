"""Requests as bytes: what no client library would send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


def request(gateway: Any, line: bytes = b"GET /v1/accounts/echo HTTP/1.1", *headers: bytes, body: bytes = b"") -> bytes:
    token = b"Authorization: Bearer " + gateway.issuer.token("admin").encode()
    return b"\r\n".join([line, token, b"Connection: close", *headers]) + b"\r\n\r\n" + body


async def test_one_host_is_needed(gateway: Any) -> None:
    line = b"GET /v1/accounts/echo HTTP/1.1"
    assert (await gateway.raw(request(gateway, line, b"Host: a.test"))).startswith(b"HTTP/1.1 200 ")
    wrong = [(), (b"Host: a.test", b"Host: a.test"), (b"Host: a.test", b"Host: b.test"), (b"Host:",), (b"Host: a b",)]
    for hosts in [*wrong, (b"Host: user@a.test",), (b"Host: a.test/x",), (b"Host: a.test, b.test",)]:
        answer = await gateway.raw(request(gateway, line, *hosts))
        assert answer.startswith(b"HTTP/1.1 400 "), hosts
    assert len(gateway.service.calls) == 1


async def test_host_is_needed_for_the_gateways_own_pages(gateway: Any) -> None:
    answer = await gateway.raw(b"GET /livez HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"urn:crmesh:problem:malformed-request" in answer


@pytest.mark.parametrize(
    "target",
    [
        b"http://evil.test/v1/accounts/echo",
        b"HTTPS://evil.test/v1/accounts/echo",
        b"*",
        b"/v1/accounts/../echo",
        b"/v1/accounts/%2e%2E/echo",
        b"/v1/accounts/./echo",
        b"/v1/accounts%2fecho",
        b"/v1/accounts/a%5Cb",
        b"/v1/accounts/a%00b",
        b"/v1/accounts/a%0d%0aX-Evil:%201",
        b"/v1/accounts/\xff",
    ],
)
async def test_targets_with_two_readings_are_refused(gateway: Any, target: bytes) -> None:
    answer = await gateway.raw(request(gateway, b"GET " + target + b" HTTP/1.1", b"Host: a.test"))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert gateway.service.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -5",),
        (b"Content-Length: 5x",),
        (b"Transfer-Encoding : chunked",),
        (b"X-A: 1\r\n folded",),
        (b"X-Bin: \xff\xfe",),
        (b"X-Nul: a\x00b",),
    ],
)
async def test_ambiguous_framing_and_headers_are_refused(gateway: Any, headers: tuple[bytes, ...]) -> None:
    line = b"POST /v1/accounts/echo HTTP/1.1"
    answer = await gateway.raw(request(gateway, line, b"Host: a.test", *headers, body=b"0\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert gateway.service.calls == []


async def test_body_of_an_upgrade_is_not_read_as_a_request(gateway: Any) -> None:
    hidden = request(gateway, b"DELETE /v1/accounts/echo HTTP/1.1", b"Host: a.test")
    length = b"Content-Length: %d" % len(hidden)
    upgrade = [b"Host: a.test", b"Connection: Upgrade", b"Upgrade: h2c", length]
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(request(gateway, b"POST /v1/accounts/echo HTTP/1.1", *upgrade))
    await asyncio.sleep(0.1)
    writer.write(hidden)
    answers = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1
    assert gateway.service.calls == []


async def test_offer_to_upgrade_is_ignored(gateway: Any) -> None:
    token = gateway.issuer.token("admin").encode()
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(
        b"GET /v1/accounts/echo HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nAuthorization: Bearer " + token + b"\r\n\r\n"
    )
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_websocket_and_connect_are_refused(gateway: Any) -> None:
    websocket = [b"Host: a.test", b"Upgrade: websocket", b"Sec-WebSocket-Key: dGVzdA==", b"Sec-WebSocket-Version: 13"]
    answer = await gateway.raw(request(gateway, b"GET /v1/nowhere HTTP/1.1", *websocket))
    assert answer.startswith(b"HTTP/1.1 404 ")
    answer = await gateway.raw(request(gateway, b"CONNECT evil.test:443 HTTP/1.1", b"Host: a.test"))
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_expectation_is_answered_only_when_the_body_is_wanted(gateway: Any) -> None:
    head = b"POST /v1/accounts/echo HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(head + b"\r\n")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 401 ")
    writer.close()
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(head + b"Authorization: Bearer " + gateway.issuer.token("admin").encode() + b"\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 100 ")
    await reader.readline()
    writer.write(b"hello")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200 ")
    writer.close()
