"""A gateway on a real socket, over an echo service reached by either adapter."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import Gateway, create_app
from gateway.issuer import DevelopmentIssuer
from gateway.routes import Route, RouteTable
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream, HttpUpstream, Upstream

MEBIBYTE = b"x" * 1024 * 1024


@dataclass
class EchoService:
    """Remembers what reached it; its paths behave well and badly."""

    calls: list[str] = field(default_factory=list)
    arrived: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    told_of_disconnect: asyncio.Event = field(default_factory=asyncio.Event)
    ended_normally: int = 0
    sent: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = scope["path"].rsplit("/", 1)[1]
            self.calls.append(scope["path"])
            await getattr(self, name.replace("-", "_"), self.echo)(scope, receive, send)

    async def _read(self, receive: Receive) -> tuple[int, str, bool]:
        size, digest = 0, hashlib.sha256()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.told_of_disconnect.set()
                return size, digest.hexdigest(), False
            digest.update(message["body"])
            size += len(message["body"])
            if message["body"]:
                self.arrived.put_nowait(len(message["body"]))
            if not message["more_body"]:
                self.ended_normally += 1
                return size, digest.hexdigest(), True

    async def echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        size, digest, _ = await self._read(receive)
        seen = {
            "method": scope["method"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
            "size": size,
            "sha256": digest,
        }
        await self._answer(send, orjson.dumps(seen))

    async def _answer(self, send: Send, body: bytes, status: int = 200, headers: Any = ()) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    async def big(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": MEBIBYTE, "more_body": True})
            self.sent += 1
        await send({"type": "http.response.body", "body": b""})

    async def whole(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await self._answer(send, 4 * MEBIBYTE, headers=[(b"content-length", b"%d" % (4 << 20))])

    async def gated(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await self.may_go_on.wait()
        await send({"type": "http.response.body", "body": b"last"})

    async def endless(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await self._read(receive)

    async def hang(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        await self._read(receive)
        self.arrived.put_nowait(0)
        await self._read(receive)

    async def early(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await self._answer(send, b"no thanks", 422, [(b"content-type", b"text/plain")])

    async def hops(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        named = [(b"connection", b"x-secret"), (b"x-secret", b"1"), (b"keep-alive", b"timeout=5")]
        await self._answer(
            send, b"ok", 201, [*named, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"etag", b'"3"')]
        )

    async def cut(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        await asyncio.sleep(0.05)

    async def redirect(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await self._read(receive)
        await self._answer(send, b"", 307, [(b"location", b"/v1/accounts/echo")])


@dataclass
class Running:
    """A gateway that listens."""

    host: str
    port: int
    service: EchoService
    issuer: DevelopmentIssuer
    app: Gateway
    upstream: Upstream

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def bearer(self, principal: str = "rep-07") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(principal)}"}

    async def until(self, condition: Callable[[], bool]) -> None:
        await until(condition)

    async def raw(self, request: bytes, *, wait: float = 5.0) -> bytes:
        """Whole answer to bytes written as they are, up to the close of the connection."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(wait):
                return await reader.read()
        finally:
            writer.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits for something that has no event of its own."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(config: uvicorn.Config) -> AsyncIterator[tuple[str, int]]:
    """Runs a server on a free port inside this loop, without uvicorn's main loop and its ticks of 100 ms."""
    config.timeout_graceful_shutdown = 1
    config.load()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    await server.on_tick(0)
    try:
        host, port = listener.getsockname()
        yield host, port
    finally:
        await server.shutdown(sockets=[listener])


def plain_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, http="httptools", ws="none", log_config=None, access_log=False, lifespan="off")


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    return GatewaySettings(env="test", data_dir=tmp_path, max_body_bytes=200 * 1024 * 1024)


@pytest.fixture
def issuer(settings: GatewaySettings) -> DevelopmentIssuer:
    return DevelopmentIssuer(settings)


@pytest.fixture
def start(settings: GatewaySettings, issuer: DevelopmentIssuer) -> Callable[..., Any]:
    """Context manager that serves a gateway over the given upstream of the service `customer`."""

    @asynccontextmanager
    async def run(upstream: Upstream, service: EchoService, **changes: Any) -> AsyncIterator[Running]:
        timeout = changes.pop("timeout_seconds", 5.0)
        table = RouteTable(
            [
                Route("/v1/accounts", "customer", "/v1/accounts", timeout),
                Route("/v1/forms", "customer", "/v1/forms", timeout, public=("GET /*", "POST /*/answer")),
                Route("/admin/customer", "customer", "/admin"),
            ]
        )
        changed = settings.model_copy(update=changes)
        app = create_app(changed, {"customer": upstream}, issuer=issuer, routes=table)
        async with serving(server_config(app)) as (host, port):
            yield Running(host, port, service, issuer, app, upstream)

    return run


@pytest.fixture(params=["http", "asgi"])
async def adapter(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Upstream, EchoService]]:
    """The echo service behind each adapter in turn."""
    service = EchoService()
    if request.param == "asgi":
        yield AsgiUpstream(service), service
    else:
        async with serving(plain_config(service)) as (host, port):
            yield HttpUpstream(f"http://{host}:{port}"), service


@pytest.fixture
async def gateway(adapter: tuple[Upstream, EchoService], start: Any) -> AsyncIterator[Running]:
    async with start(*adapter) as running:
        yield running
