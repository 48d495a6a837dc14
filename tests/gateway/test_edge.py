"""Rate limits, CORS, compression, access log and the flood of unknown keys, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import zlib
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.types import Receive, Scope, Send

from gateway.access_log import FLUSH_SECONDS, LOGGER
from gateway.app import create_app
from gateway.compression import accepts_gzip, verdict
from gateway.issuer import DevelopmentIssuer
from gateway.limits import RateLimits
from gateway.problems import Refusal
from gateway.routes import Route, RouteTable
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream
from tests.gateway.conftest import EchoService, plain_config, serving

JSON = (b"content-type", b"application/json")
ROWS = orjson.dumps([{"id": n, "name": f"name {n}"} for n in range(2000)])


class Answers(EchoService):
    """Answers in every shape that compression must tell apart."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._read(receive)
            name = scope["path"].rsplit("/", 1)[1].replace("-", "_")
            await getattr(self, f"is_{name}")(scope, send)

    async def is_large(self, scope: Scope, send: Send) -> None:
        body = b"" if scope["method"] == "HEAD" else ROWS
        await self._answer(send, body, 200, [JSON, (b"content-length", b"%d" % len(ROWS)), (b"vary", b"Accept")])

    async def is_small(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, b"{}", 200, [JSON, (b"content-length", b"2")])

    async def is_tagged(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, ROWS, 200, [JSON, (b"etag", b'"3"')])

    async def is_encoded(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, gzip.compress(ROWS), 200, [JSON, (b"content-encoding", b"gzip")])

    async def is_text(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, ROWS, 200, [(b"content-type", b"text/csv")])

    async def is_empty(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, b"", 204, [JSON])

    async def is_not_modified(self, _scope: Scope, send: Send) -> None:
        await self._answer(send, b"", 304, [JSON, (b"content-length", b"%d" % len(ROWS))])

    async def is_stream(self, _scope: Scope, send: Send, media_type: bytes = b"application/json") -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", media_type)]}
        await send(start)
        await send({"type": "http.response.body", "body": b'["first"', "more_body": True})
        await self.may_go_on.wait()
        await send({"type": "http.response.body", "body": b',"last"]', "more_body": False})

    async def is_events(self, scope: Scope, send: Send) -> None:
        await self.is_stream(scope, send, b"text/event-stream")

    async def is_broken(self, _scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
        await send({"type": "http.response.body", "body": ROWS, "more_body": True})
        raise RuntimeError("dies in the middle")


@pytest.fixture
def answers(adapter: Any) -> Any:
    upstream, service = adapter
    service.__class__ = Answers
    assert upstream is not None
    return service


def client_of(running: Any, **headers: str) -> httpx.AsyncClient:
    given = running.bearer() | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.AsyncClient(base_url=running.url, headers=given, timeout=10)


# Compression


async def test_large_json_is_compressed_and_nothing_else(answers: Any, gateway: Any) -> None:
    assert answers.calls == []
    async with client_of(gateway) as client:
        large = await client.get("/v1/accounts/large")
        assert large.headers["content-encoding"] == "gzip"
        assert "content-length" not in large.headers
        assert large.headers["vary"] == "Accept, accept-encoding"
        assert large.content == ROWS
        for name in ("small", "tagged", "text", "empty", "not-modified"):
            answer = await client.get(f"/v1/accounts/{name}")
            assert "content-encoding" not in answer.headers, name
        assert (await client.get("/v1/accounts/tagged")).headers["etag"] == '"3"'
        assert (await client.get("/v1/accounts/encoded")).content == ROWS
        head = await client.head("/v1/accounts/large")
        assert (head.headers["content-length"], "content-encoding" in head.headers) == (str(len(ROWS)), False)
        plain = await client.get("/v1/accounts/large", headers={"Accept-Encoding": "gzip;q=0, br"})
        assert "content-encoding" not in plain.headers
        assert plain.content == ROWS
        assert plain.headers["content-length"] == str(len(ROWS))


async def test_compressed_stream_is_not_held_back(answers: Any, gateway: Any) -> None:
    async with client_of(gateway) as client, client.stream("GET", "/v1/accounts/stream") as response:
        assert response.headers["content-encoding"] == "gzip"
        decoder, chunks = zlib.decompressobj(31), response.aiter_raw()
        seen = b""
        while b"first" not in seen:
            seen += decoder.decompress(await asyncio.wait_for(anext(chunks), 5))
        answers.may_go_on.set()
        async for chunk in chunks:
            seen += decoder.decompress(chunk)
        assert (seen, decoder.eof) == (b'["first","last"]', True)


async def test_server_sent_events_are_left_alone(answers: Any, gateway: Any) -> None:
    async with client_of(gateway) as client, client.stream("GET", "/v1/accounts/events") as response:
        assert "content-encoding" not in response.headers
        assert await asyncio.wait_for(anext(response.aiter_raw()), 5) == b'["first"'
        answers.may_go_on.set()


async def test_compressed_answer_that_breaks_off_is_seen_as_broken(answers: Any, gateway: Any) -> None:
    assert answers.calls == []
    async with client_of(gateway) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/accounts/broken")


async def test_own_pages_are_compressed_too(gateway: Any) -> None:
    async with client_of(gateway) as client:
        answer = await client.get("/openapi.json")
        assert answer.json()["openapi"] == "3.1.0"
        assert ("content-encoding" in answer.headers) is (len(answer.content) >= 8192)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], False),
        ([b""], False),
        ([b"gzip"], True),
        ([b"br, GZIP;q=0.5"], True),
        ([b"br", b"gzip"], True),
        ([b"gzip;q=0"], False),
        ([b"*"], True),
        ([b"*, gzip; q=0.0"], False),
        ([b"identity"], False),
        ([b"gzip;q=x"], False),
        ([b"gzipped"], False),
    ],
)
def test_accept_encoding(given: list[bytes], expected: bool) -> None:
    assert accepts_gzip({b"accept-encoding": given} if given else {}) is expected


def test_verdicts() -> None:
    long = (b"content-length", b"9000")
    assert verdict(200, [JSON, long], 8192) == "gzip"
    assert verdict(200, [(b"content-type", b"application/problem+json; charset=utf-8"), long], 8192) == "gzip"
    assert verdict(200, [JSON, (b"content-length", b"8191")], 8192) == "plain"
    assert verdict(200, [JSON], 8192) == "stream"
    for status, more in ((206, long), (101, long), (304, long), (200, (b"cache-control", b"No-Transform"))):
        assert verdict(status, [JSON, more], 8192) == "never"
    assert verdict(200, [(b"content-type", b"image/png"), long], 8192) == "never"


# Rate limits


async def test_principals_are_limited_each_on_their_own(adapter: Any, start: Any) -> None:
    async with start(*adapter, rate_limit_per_second=5) as running, client_of(running) as client:
        found = await asyncio.gather(*(client.get("/v1/accounts/echo") for _ in range(12)))
        passed = [answer for answer in found if answer.status_code == 200]
        refused = [answer for answer in found if answer.status_code == 429]
        assert (len(passed), len(refused)) == (5, 7)
        assert {answer.headers["ratelimit-policy"] for answer in found} == {'"principal";q=5;w=1'}
        assert sorted(answer.headers["ratelimit"] for answer in passed) == [f'"principal";r={n};t=1' for n in range(5)]
        problem = refused[0].json()
        assert (problem["code"], problem["status"]) == ("too-many-requests", 429)
        assert refused[0].headers["content-type"] == "application/problem+json"
        assert (refused[0].headers["retry-after"], refused[0].headers["ratelimit"]) == ("1", '"principal";r=0;t=1')
        assert len(running.service.calls) == 5
        other = await client.get("/v1/accounts/echo", headers=running.bearer("rep-08"))
        assert other.status_code == 200
        assert (await client.get("/livez")).status_code == 200
        await asyncio.sleep(1.05)
        assert (await client.get("/v1/accounts/echo")).status_code == 200


async def test_limits_can_be_turned_off(adapter: Any, start: Any) -> None:
    async with start(*adapter, rate_limit_per_second=0) as running, client_of(running) as client:
        answer = await client.get("/v1/accounts/echo")
        assert not {"ratelimit", "ratelimit-policy"} & set(answer.headers)


def test_window_moves() -> None:
    at = [0.0]
    limits = RateLimits(3, now=lambda: at[0])
    for moment in (0.0, 0.4, 0.8):
        at[0] = moment
        limits.admit("a")
    for moment, is_admitted in ((0.9, False), (0.99, False), (1.0, True), (1.1, False), (1.41, True)):
        at[0] = moment
        try:
            limits.admit("a")
            assert is_admitted, moment
        except Refusal:
            assert not is_admitted, moment
    for n in range(1000):
        limits.admit(f"principal {n}")
    at[0] = 20.0
    limits.admit("a")
    assert list(limits._sent) == ["a"], "who is quiet is forgotten"


# CORS


@pytest.mark.parametrize("origins", ["https://app.test, https://other.test/", "*"])
async def test_preflight_is_answered_at_the_edge_without_a_token(adapter: Any, start: Any, origins: str) -> None:
    asked = {
        "Origin": "https://app.test",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, if-match",
    }
    async with start(*adapter, cors_origins=origins) as running, httpx.AsyncClient(base_url=running.url) as client:
        answer = await client.options("/v1/accounts/echo", headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == ("*" if origins == "*" else "https://app.test")
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert {"authorization", "if-match", "idempotency-key"} <= set(
            answer.headers["access-control-allow-headers"].split(", ")
        )
        assert running.service.calls == []
        refused = await client.get("/v1/accounts/echo", headers={"Origin": "https://app.test"})
        assert refused.status_code == 401
        assert "access-control-allow-origin" in refused.headers, "a script must be able to read why"
        seen = await client.get("/v1/accounts/echo", headers=running.bearer() | {"Origin": "https://app.test"})
        assert "etag" in seen.headers["access-control-expose-headers"].lower()
        assert "access-control-allow-credentials" not in seen.headers
        if origins != "*":
            assert seen.headers["vary"] == "accept-encoding, origin" or seen.headers["vary"] == "origin"


@pytest.mark.parametrize("origin", ["https://evil.test", "https://app.test.evil.test", "null", "http://app.test"])
async def test_other_origins_are_told_nothing(adapter: Any, start: Any, origin: str) -> None:
    async with start(*adapter, cors_origins="https://app.test") as running, client_of(running, Origin=origin) as client:
        for answer in (
            await client.options("/v1/accounts/echo", headers={"Access-Control-Request-Method": "PUT"}),
            await client.get("/v1/accounts/echo"),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_without_origins_there_is_no_cors(gateway: Any) -> None:
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "PUT"}
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = await client.options("/v1/accounts/echo", headers=asked)
        assert answer.status_code == 401
        assert not [name for name in answer.headers if name.startswith("access-control-")]


# Access log


async def test_one_line_per_request_without_ids_or_queries(
    gateway: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER)
    monkeypatch.setattr("gateway.access_log.FLUSH_SECONDS", 3)
    async with client_of(gateway) as client:
        traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        answer = await client.get("/v1/accounts/secret-id?email=x@y.test", headers={"traceparent": traceparent})
        await client.get("/nowhere/secret", headers={"Authorization": ""})
    assert LOGGER not in capsys.readouterr().err, "lines are written together"
    await asyncio.sleep(4)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    first, second = (line for line in lines if line.get("logger") == LOGGER)
    assert (first["principal"], first["method"], first["route"], first["upstream"], first["status"]) == (
        "rep-07",
        "GET",
        "/v1/accounts",
        "customer",
        200,
    )
    assert first["bytes"] == len(answer.content)
    assert 0 < first["milliseconds"] < 5000
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert first["request_id"] == answer.headers["x-request-id"]
    assert (second["principal"], second["route"], second["status"]) == ("", "", 404)
    assert "secret" not in json.dumps(lines)


async def test_the_end_writes_what_waits(
    adapter: Any, start: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER)
    async with start(*adapter) as running, client_of(running) as client:
        await client.get("/v1/accounts/echo")
    assert capsys.readouterr().err.count(LOGGER) == 1


async def test_no_line_when_turned_off(
    adapter: Any, start: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER)
    async with start(*adapter, access_log=False) as running, client_of(running) as client:
        await client.get("/v1/accounts/echo")
    await asyncio.sleep(2 * FLUSH_SECONDS)
    assert LOGGER not in capsys.readouterr().err


# Keys


async def test_flood_of_unknown_keys_costs_the_issuer_one_question(
    issuer: DevelopmentIssuer, settings: GatewaySettings
) -> None:
    asked = 0

    async def keys(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        await send({"type": "http.response.start", "status": 200, "headers": [JSON]})
        await send({"type": "http.response.body", "body": orjson.dumps(issuer.jwks())})

    forger = ECKey.generate_key("P-256")
    now = int(time.time())
    claims = {"iss": settings.issuer_url, "aud": "crmesh", "sub": "admin", "roles": ["administrator"], "exp": now + 60}
    forged = [jwt.encode({"alg": "ES256", "kid": f"forged-{n}"}, claims, forger) for n in range(200)]
    service = EchoService()
    routes = RouteTable([Route("/v1/accounts", "customer", "/v1/accounts")])
    async with serving(plain_config(keys)) as (host, port):
        real = settings.model_copy(update={"jwks_url": f"http://{host}:{port}/keys"})
        app = create_app(real, {"customer": AsgiUpstream(service)}, routes=routes)
        async with (
            serving(server_config(app)) as (host, port),
            httpx.AsyncClient(base_url=f"http://{host}:{port}") as c,
        ):
            good = {"Authorization": f"Bearer {issuer.token('rep-07')}"}

            async def send(token: str) -> int:
                return (await c.get("/v1/accounts/echo", headers={"Authorization": f"Bearer {token}"})).status_code

            for batch in range(4):
                assert set(await asyncio.gather(*map(send, forged[batch * 50 :][:50]))) == {401}
                assert (await c.get("/v1/accounts/echo", headers=good)).status_code == 200
    assert asked == 1
    assert len(service.calls) == 4


def test_an_idle_connection_is_closed_by_its_client_first() -> None:
    """Balancers close after 60 s at most by default: a request goes into no connection that the gateway is closing."""
    assert server_config("gateway.main:from_environment").timeout_keep_alive > 60
