"""One request on its way through: attempts, timeout, breaker, answer."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any, Literal

from starlette.types import Receive, Scope, Send

from gateway.body import RequestBody
from gateway.breaker import Lane
from gateway.headers import RequestContext, to_client, to_upstream
from gateway.problems import UpstreamError, UpstreamUnavailable, send_problem
from gateway.routes import Route
from gateway.upstream import Upstream, UpstreamRequest
from kit.lookout import Lookout

logger = logging.getLogger(__name__)

ATTEMPTS = 3
REPLAYED_BYTES = 64 * 1024
SENT_BYTES = 64 * 1024
_BACKOFF_SECONDS = 0.05
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_TRY_AGAIN = frozenset({502, 503, 504})


class Passage:
    """Passes one request to its service and the answer back. A failed attempt is repeated when that is harmless.

    Harmless: the method is idempotent or the write carries an Idempotency-Key, nothing has been answered yet, and
    the body is absent or its beginning of REPLAYED_BYTES is all that was sent.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        route: Route,
        context: RequestContext,
        upstream: Upstream,
        lane: Lane,
        max_body_bytes: int,
    ) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._route, self._context, self._upstream, self._lane = route, context, upstream, lane
        self._has_started = self._is_sending = False
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + route.timeout_seconds
        self._exchange: asyncio.Task[Any] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ended_by: Literal["", "client", "time"] = ""
        values = context.values
        self._is_repeatable = scope["method"] in _IDEMPOTENT or b"idempotency-key" in values
        self._body: RequestBody | None = None
        if b"transfer-encoding" in values or any(int(value) for value in values.get(b"content-length", ())):
            keep = REPLAYED_BYTES if self._is_repeatable else 0
            self._body = RequestBody(receive, max_body_bytes, self._progress, keep=keep)

    async def run(self, lookout: Lookout) -> None:
        """Passes the request on and answers, but no longer than the client listens and its time lasts.

        After the first byte of the answer a failure can only break it off.
        """
        self._exchange = exchange = asyncio.current_task(self._loop)
        lookout.add(self, self._loop)
        try:
            await self._pass()
        except asyncio.CancelledError:
            if not self._ended_by or (exchange is not None and exchange.uncancel() > 0):
                raise
            if self._ended_by == "time":
                await self._failed("request-timeout" if self._waits_for_client else "upstream-timeout")
        finally:
            lookout.remove(self)
            if self._watch is not None:
                self._watch.cancel()

    def watch(self) -> None:
        """From now on the exchange ends when the client leaves or no byte has moved for too long."""
        self._watch = self._loop.create_task(self._watching())

    async def _watching(self) -> None:
        while not self._ended_by:
            try:
                async with asyncio.timeout_at(self._due):
                    await self._client_gone()
                self._ended_by = "client"
            except TimeoutError:
                # bytes that moved meanwhile have put it off
                if self._loop.time() >= self._due:
                    self._ended_by = "time"
        if self._exchange is not None:
            self._exchange.cancel()

    async def _client_gone(self) -> None:
        """Returns when the client has disconnected (what it sent before is left to the exchange to read)."""
        if self._body is not None:
            await self._body.ended.wait()
            if self._body.is_client_gone:
                return
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _pass(self) -> None:
        try:
            await self._attempts()
        except UpstreamError as error:
            logger.warning("%s: %s", self._route.service, error)
            is_too_large = self._body is not None and self._body.is_too_large
            await self._failed("body-too-large" if is_too_large else error.code)

    @property
    def _waits_for_client(self) -> bool:
        return self._is_sending or (self._body is not None and self._body.is_waiting)

    def _progress(self) -> None:
        self._due = self._loop.time() + self._route.timeout_seconds

    async def _attempts(self) -> None:
        attempt = 1
        seconds = self._route.timeout_seconds
        while True:
            try:
                if await self._attempt(attempt, seconds):
                    return
            except UpstreamError:
                if not self._may_repeat(attempt):
                    raise
            await asyncio.sleep(random.uniform(0.5, 1) * _BACKOFF_SECONDS * attempt)
            attempt += 1
            seconds = self._due - self._loop.time()

    def _may_repeat(self, attempt: int) -> bool:
        return (
            self._is_repeatable
            and not self._has_started
            and attempt < ATTEMPTS
            and not self._lane.breaker.is_open
            and (self._body is None or self._body.rewind())
            and self._lane.budget.take()
        )

    async def _attempt(self, attempt: int, seconds: float) -> bool:
        """Whether the request is answered; False asks for another attempt."""
        breaker = self._lane.breaker
        if not breaker.allows():
            raise UpstreamUnavailable("the breaker is open")
        has_answered: bool | None = None
        try:
            async with self._upstream.open(self._request(seconds)) as response:
                has_answered = True
                if response.status in _TRY_AGAIN and self._may_repeat(attempt):
                    return False
                self._has_started = True
                await self._send(
                    {"type": "http.response.start", "status": response.status, "headers": to_client(response.headers)}
                )
                is_over = False
                async for chunk in response.body:
                    self._progress()
                    is_over = response.is_over()
                    await self._forward(chunk, is_last=is_over)
                if not is_over:
                    await self._send({"type": "http.response.body", "body": b""})
                return True
        except UpstreamError:
            if has_answered is None and not (self._body is not None and self._body.is_broken):
                has_answered = False
            raise
        finally:
            if has_answered is None and self._ended_by == "time" and not self._waits_for_client:
                has_answered = False
            breaker.settle(has_answered)

    async def _forward(self, chunk: bytes, *, is_last: bool) -> None:
        """Sends a part of the answer; a client that takes it slowly but steadily keeps its time."""
        self._is_sending = True
        for start in range(0, len(chunk), SENT_BYTES):
            end = start + SENT_BYTES
            part = chunk if len(chunk) <= SENT_BYTES else chunk[start:end]
            await self._send({"type": "http.response.body", "body": part, "more_body": not is_last or end < len(chunk)})
            self._progress()
        self._is_sending = False

    def _request(self, seconds: float) -> UpstreamRequest:
        return UpstreamRequest(
            method=self._scope["method"],
            path=self._route.upstream_path(self._scope["raw_path"].decode("ascii")),
            query=self._scope["query_string"].decode("ascii"),
            headers=to_upstream(self._scope, self._context, seconds),
            body=self._body,
        )

    async def _failed(self, code: str) -> None:
        if self._body is not None and self._body.is_client_gone:
            return
        if self._has_started:
            # an answer left incomplete makes the server close the connection: the client sees that it broke off
            logger.warning("%s: answer broken off (%s)", self._route.service, code)
            return
        self._has_started = True
        await send_problem(self._scope, self._receive, self._send, code)
