"""Raw ASGI proxy: checks the token, passes the request on and streams both bodies without holding them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import NoReturn

from starlette.types import Receive, Scope, Send

from gateway.headers import RequestContext, to_client, to_upstream, values_of
from gateway.problems import send_problem
from gateway.routes import Route
from gateway.upstream import Upstream, UpstreamError, UpstreamRequest
from kit.errors import Unauthenticated
from kit.security.tokens import KeysUnavailable, TokenVerifier

logger = logging.getLogger(__name__)


class BodyBroken(Exception):
    """The request body cannot be passed on to its end."""


class RequestBody:
    """The client's body, counted while it passes. A class, as a cancelled read must not end it."""

    def __init__(self, receive: Receive, limit: int, on_progress: Callable[[], None]) -> None:
        self._receive, self._limit, self._on_progress = receive, limit, on_progress
        self._size = 0
        self.is_waiting = self.is_too_large = self.is_client_gone = False
        self.ended = asyncio.Event()

    def __aiter__(self) -> RequestBody:
        return self

    async def __anext__(self) -> bytes:
        while not self.ended.is_set():
            self.is_waiting = True
            message = await self._receive()
            self.is_waiting = False
            if message["type"] == "http.disconnect":
                self.is_client_gone = True
                self._break("the client went away")
            chunk: bytes = message.get("body", b"")
            self._size += len(chunk)
            if self._size > self._limit:
                self.is_too_large = True
                self._break("the body is too large")
            if not message.get("more_body", False):
                self.ended.set()
            self._on_progress()
            if chunk:
                return chunk
        if self.is_client_gone or self.is_too_large:
            self._break("the body has broken off")
        raise StopAsyncIteration

    def _break(self, reason: str) -> NoReturn:
        self.ended.set()
        raise BodyBroken(reason)


class Proxy:
    """Forwards requests of known routes. Reads no body before the token is verified."""

    def __init__(self, upstreams: Mapping[str, Upstream], verifier: TokenVerifier, max_body_bytes: int) -> None:
        self._upstreams, self._verifier, self._max_body_bytes = upstreams, verifier, max_body_bytes

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, *, route: Route, context: RequestContext
    ) -> None:
        """Answers with the service's response or with a problem."""
        try:
            await self._verifier.verify(_bearer_token(scope))
        except Unauthenticated as error:
            return await send_problem(scope, receive, send, "unauthenticated", error.detail)
        except KeysUnavailable:
            return await send_problem(scope, receive, send, "issuer-unavailable")
        length = values_of(scope["headers"], b"content-length")
        if length and int(length[0]) > self._max_body_bytes:
            return await send_problem(scope, receive, send, "body-too-large", f"At most {self._max_body_bytes} bytes")
        await self._until_disconnect(_Passage(self, scope, receive, send, route, context))
        return None

    async def _until_disconnect(self, passage: _Passage) -> None:
        """Runs the exchange, but no longer than the client listens."""
        exchange = asyncio.create_task(passage.run())
        watch = asyncio.create_task(passage.client_gone())
        try:
            await asyncio.wait({exchange, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            if not exchange.done():
                exchange.cancel()
            await asyncio.gather(watch, exchange, return_exceptions=True)
        if not exchange.cancelled():
            exchange.result()

    def upstream_of(self, route: Route) -> Upstream | None:
        """Adapter for the route's service."""
        return self._upstreams.get(route.service)

    @property
    def max_body_bytes(self) -> int:
        """Largest request body that is passed on."""
        return self._max_body_bytes


class _Passage:
    """One request on its way through."""

    def __init__(
        self, proxy: Proxy, scope: Scope, receive: Receive, send: Send, route: Route, context: RequestContext
    ) -> None:
        self._proxy, self._scope, self._receive, self._send = proxy, scope, receive, send
        self._route, self._context = route, context
        self._has_started = False
        self._timeout: asyncio.Timeout | None = None
        headers = scope["headers"]
        self._has_body = bool(values_of(headers, b"transfer-encoding")) or any(
            int(value) for value in values_of(headers, b"content-length")
        )
        self._body = RequestBody(receive, proxy.max_body_bytes, self._progress)

    async def client_gone(self) -> None:
        """Returns when the client has disconnected (what it sent before is left to the exchange to read)."""
        if self._has_body:
            await self._body.ended.wait()
            if self._body.is_client_gone:
                return
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _progress(self) -> None:
        if self._timeout is not None:
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._route.timeout_seconds)

    async def run(self) -> None:
        """Passes the request on and answers; after the first byte of the answer a failure can only break it off."""
        try:
            async with asyncio.timeout(self._route.timeout_seconds) as self._timeout:
                try:
                    await self._forward()
                finally:
                    self._timeout = None
        except TimeoutError:
            await self._failed("request-timeout" if self._body.is_waiting and self._has_body else "upstream-timeout")
        except UpstreamError as error:
            logger.warning("%s: %s", self._route.service, error)
            await self._failed("body-too-large" if self._body.is_too_large else error.code)

    async def _forward(self) -> None:
        upstream = self._proxy.upstream_of(self._route)
        if upstream is None:
            raise UpstreamError(f"no address for {self._route.service}")
        raw_path: bytes = self._scope["raw_path"]
        request = UpstreamRequest(
            method=self._scope["method"],
            path=self._route.upstream_path(raw_path.decode("ascii")),
            query=self._scope["query_string"].decode("ascii"),
            headers=to_upstream(self._scope, self._context, self._route.timeout_seconds),
            body=self._body if self._has_body else None,
        )
        async with upstream.open(request) as response:
            self._has_started = True
            await self._send(
                {"type": "http.response.start", "status": response.status, "headers": to_client(response.headers)}
            )
            async for chunk in response.body:
                self._progress()
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})

    async def _failed(self, code: str) -> None:
        if self._body.is_client_gone:
            return
        if self._has_started:
            # an answer left incomplete makes the server close the connection: the client sees that it broke off
            logger.warning("%s: answer broken off (%s)", self._route.service, code)
            return
        self._has_started = True
        await send_problem(self._scope, self._receive, self._send, code)


def _bearer_token(scope: Scope) -> str:
    values = values_of(scope["headers"], b"authorization")
    if len(values) != 1:
        raise Unauthenticated("Exactly one Authorization header is needed")
    kind, _, token = values[0].decode().partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("A bearer token is needed")
    return token.strip()
