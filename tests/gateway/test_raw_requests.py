"""Requests as bytes: what no client library would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from gateway.upstream import HttpUpstream


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
        b"/v1/accounts/echo#x",
        b"/v1/accounts/echo?a=1#x",
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
        (b"Transfer-Encoding: gzip, chunked",),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked, identity"),
        (b"Connection: idempotency-key", b"Idempotency-Key: k", b"Content-Length: 5"),
        (b"Connection: close, Authorization", b"Content-Length: 5"),
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


async def test_what_comes_with_an_offer_to_upgrade_is_not_left_waiting(gateway: Any) -> None:
    offer = request(gateway, GET, b"Host: a.test", b"Connection: Upgrade", b"Upgrade: foo")
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(offer.replace(b"Connection: close\r\n", b"") + request(gateway, GET, b"Host: a.test"))
    answers = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answers.count(b"HTTP/1.1 200 ") == 1
    assert b"connection: close" in answers


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


class Scripted:
    """A service that reads requests and answers with bytes as they are."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.bodies.append(await self._body(reader, head))
                writer.write(self.answers.pop(0))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _body(self, reader: asyncio.StreamReader, head: bytes) -> bytes:
        if b"transfer-encoding: chunked" in head:
            return await reader.readuntil(b"0\r\n\r\n")
        length = [line for line in head.split(b"\r\n") if line.startswith(b"content-length")]
        return await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""


@pytest.fixture
def scripted(start: Any) -> Any:
    """Serves a gateway over a scripted service, one request after another on one connection of the client."""

    @asynccontextmanager
    async def run(*answers: bytes) -> AsyncIterator[tuple[Any, Scripted]]:
        service = Scripted(*answers)
        server = await asyncio.start_server(service, "127.0.0.1", 0)
        upstream = HttpUpstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with start(upstream, service) as running:
            yield running, service
        server.close()

    return run


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /v1/accounts/echo HTTP/1.1"


async def test_interim_answers_and_trailers_are_not_the_answer(scripted: Any) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    trailers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Evil: 1\r\n\r\n"
    async with scripted(early + OK, trailers, OK) as (gateway, service):
        for _ in range(3):
            answer = await gateway.raw(request(gateway, GET, b"Host: a.test"))
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.count(b"HTTP/1.1 ") == 1
            assert answer.endswith((b"\r\n\r\nok", b"2\r\nok\r\n0\r\n\r\n"))
            assert b"Evil" not in answer
            assert b"</x>" not in answer
        assert service.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        b"ok\r\n\r\n",
        b"",
    ],
    ids=["both lengths", "two lengths", "no number", "space", "switch", "huge", "no http", "nothing"],
)
async def test_ambiguous_answers_are_502(scripted: Any, answer: bytes) -> None:
    async with scripted(answer) as (gateway, _):
        line = b"POST /v1/accounts/echo HTTP/1.1"
        got = await gateway.raw(request(gateway, line, b"Host: a.test", b"Content-Length: 0"))
        assert got.startswith(b"HTTP/1.1 502 ")
        assert b"upstream-broken" in got


async def test_a_second_answer_never_reaches_the_next_request(scripted: Any) -> None:
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    async with scripted(OK + evil, OK, OK) as (gateway, service):
        for _ in range(3):
            answer = await gateway.raw(request(gateway, GET, b"Host: a.test"))
            assert answer.endswith(b"ok")
            assert b"evil" not in answer
        assert service.connections == 2


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (
            b"HEAD /v1/accounts/echo HTTP/1.1",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n",
        ),
        (GET, b"HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n\r\n"),
        (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n"),
    ],
    ids=["head", "204", "304"],
)
async def test_answers_without_a_body_stay_without_one(scripted: Any, line: bytes, answer: bytes) -> None:
    """Compression must not invent a body, and the next answer on the connection is the next one."""
    async with scripted(answer, OK, OK) as (gateway, _):
        got = await gateway.raw(request(gateway, line, b"Host: a.test", b"Accept-Encoding: gzip"))
        head, _, body = got.partition(b"\r\n\r\n")
        assert body == b""
        assert b"content-encoding" not in head
        assert b"transfer-encoding" not in head
        assert (await gateway.raw(request(gateway, GET, b"Host: a.test"))).endswith(b"ok")


async def test_chunked_upload_is_repeated_byte_for_byte(scripted: Any) -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    chunked = b"3\r\nabc\r\n4;x=y\r\n0\r\n\r\r\n0\r\nX-Trailer: 1\r\nIdempotency-Key: other\r\n\r\n"
    async with scripted(busy, OK) as (gateway, service):
        headers = [b"Host: a.test", b"Transfer-Encoding: chunked", b"Idempotency-Key: k"]
        answer = await gateway.raw(request(gateway, b"POST /v1/accounts/echo HTTP/1.1", *headers, body=chunked))
        assert answer.endswith(b"ok")
    assert len(service.bodies) == 2
    for body in service.bodies:
        data, size = b"", 1
        while size:
            line, _, body = body.partition(b"\r\n")
            size = int(line, 16)
            data, body = data + body[:size], body[size + 2 :]
        assert data == b"abc0\r\n\r"
    assert all(b"x-trailer" not in head and head.count(b"idempotency-key: k") == 1 for head in service.heads)


@pytest.mark.parametrize("pause", [0.0, 0.1])
@pytest.mark.parametrize("name", [b"Content-Length: 3", b"X-Evil: 1", b"Host: b.test", b"Authorization: Bearer x"])
async def test_trailers_are_not_headers(gateway: Any, name: bytes, pause: float) -> None:
    """Sent with the head in one packet or after it: they come too late for every check."""
    token = gateway.issuer.token("admin").encode()
    _, writer = connection = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(
        b"POST /v1/accounts/echo HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        b"Authorization: Bearer " + token + b"\r\n\r\n"
    )
    if pause:
        await asyncio.sleep(pause)
    writer.write(b"2\r\nok\r\n0\r\n" + name + b"\r\n\r\n")
    answer = await asyncio.wait_for(connection[0].read(), 5)
    writer.close()
    if answer.startswith(b"HTTP/1.1 200 "):
        seen = json.loads(answer.partition(b"\r\n\r\n")[2].split(b"\r\n")[1])
        assert seen["size"] == 2
        assert [v for n, v in seen["headers"] if n in ("content-length", "x-evil")] == []
        assert ["authorization", f"Bearer {token.decode()}"] in seen["headers"]
    else:
        assert answer.startswith(b"HTTP/1.1 400 ")


async def test_answer_that_ends_with_the_connection(scripted: Any) -> None:
    async with scripted(b"HTTP/1.1 200 OK\r\n\r\nup to the end") as (gateway, _):
        answer = await gateway.raw(request(gateway, GET, b"Host: a.test"))
        assert b"up to the end" in answer
        assert answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("named", [b"content-length", b"transfer-encoding", b"host, content-length, close"])
async def test_connection_cannot_name_the_framing_away(gateway: Any, named: bytes) -> None:
    token = b"Authorization: Bearer " + gateway.issuer.token("admin").encode()
    lines = [
        b"POST /v1/accounts/echo HTTP/1.1",
        b"Host: a.test",
        token,
        b"Content-Length: 5",
        b"Connection: close, " + named,
    ]
    answer = await gateway.raw(b"\r\n".join(lines) + b"\r\n\r\nhello")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"size":5' in answer


async def test_a_head_is_bounded(gateway: Any) -> None:
    line, host = b"GET /v1/accounts/echo HTTP/1.1", b"Host: a.test"
    many = [b"X-%d: a" % number for number in range(101)]
    cases = [
        (request(gateway, line, host, b"X-Big: " + b"a" * 70_000), b"431", b"headers-too-large"),
        (request(gateway, line, host, *many), b"431", b"headers-too-large"),
        (request(gateway, b"GET /" + b"a" * 20_000 + b" HTTP/1.1", host), b"414", b"uri-too-long"),
        (request(gateway, b"GET /" + b"a" * 90_000 + b" HTTP/1.1", host), b"41", b"urn:crmesh:problem:uri-too-long"),
        (request(gateway, b"FOO /v1/accounts/echo HTTP/1.1", host), b"400", b"malformed-request"),
    ]
    for sent, status, code in cases:
        answer = await gateway.raw(sent)
        assert answer.startswith(b"HTTP/1.1 " + status), answer[:80]
        assert code in answer
        assert b"content-type: application/problem+json" in answer
    assert gateway.service.calls == []
    allowed = request(gateway, line, host, b"X-Big: " + b"a" * 30_000, *many[:80])
    assert (await gateway.raw(allowed)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begin", [b"GET /v1/x HTTP/1.1\r\nX-A: ", b"GET /", b"GET /v1/x HTTP/1.1\r\n"])
async def test_a_head_without_end_is_not_kept(gateway: Any, begin: bytes) -> None:
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(begin)
    sent = 0
    with suppress(ConnectionError):
        while not reader.at_eof() and sent < 50 * 10_000:
            writer.write(b"a" * 10_000 if not begin.endswith(b"1\r\n") else b"X-A: a\r\n" * 1_250)
            sent += 10_000
            await asyncio.wait_for(writer.drain(), 5)
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 4")
    assert sent < 50 * 10_000
    writer.close()


async def test_a_trailer_without_end_is_not_kept(gateway: Any) -> None:
    token = b"Authorization: Bearer " + gateway.issuer.token("admin").encode()
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    head = [b"POST /v1/accounts/hang HTTP/1.1", b"Host: a.test", token, b"Transfer-Encoding: chunked"]
    writer.write(b"\r\n".join(head) + b"\r\n\r\n0\r\nX-A: ")
    with suppress(ConnectionError):
        for _ in range(60):
            writer.write(b"a" * 10_000)
            await asyncio.wait_for(writer.drain(), 5)
            await asyncio.sleep(0.005)
        await asyncio.wait_for(reader.read(), 5)
    assert reader.at_eof() or reader.exception() is not None, "the gateway closes"
    writer.close()


@pytest.mark.parametrize(("begin", "status"), [(b"", b""), (b"GET /v1/x HTTP/1.1\r\nHost:", b"HTTP/1.1 408 ")])
async def test_a_head_must_come_in_time(
    gateway: Any, monkeypatch: pytest.MonkeyPatch, begin: bytes, status: bytes
) -> None:
    monkeypatch.setattr("gateway.server.HEAD_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(begin)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(status) if status else not answer
    writer.close()


async def test_a_late_head_is_no_answer_to_the_request_before(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.server.HEAD_SECONDS", 0.2)
    token = b"Authorization: Bearer " + gateway.issuer.token("admin").encode()
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    writer.write(b"GET /v1/accounts/hang HTTP/1.1\r\nHost: a.test\r\n" + token + b"\r\n\r\nGET /v1/acc")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 1)
    writer.close()
