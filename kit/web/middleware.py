"""Outermost ASGI layer of a service: ids for the request and its trace, the body limit, the last resort."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import AppError
from kit.telemetry.tracing import correlation, random_hex, tracing
from kit.web.problems import problem_of, problem_response, unexpected

MAX_BODY_BYTES = 16 * 1024 * 1024
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class BodyTooLarge(AppError):
    code, status, title = "body-too-large", 413, "The body is too large"


def without_body(send: Send) -> Send:
    """For the answer to HEAD: what GET would answer, its length included, without the body."""

    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending


class EdgeMiddleware:
    """Accepts or makes `X-Request-Id` and `traceparent`, echoes the former, refuses large bodies (413), answers HEAD as
    GET without the body, and 500 for an error that nothing else has handled (here its trace id is still known)."""

    def __init__(self, app: ASGIApp, service: str = "", max_body: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.service = service
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, without_body(send)
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else random_hex(16)
        token = correlation.set(request_id)
        try:
            with tracing(headers.get(b"traceparent", b"").decode("latin-1"), self.service, scope["path"]):
                await self._limited(scope, receive, send, request_id, headers.get(b"content-length", b""))
        finally:
            correlation.reset(token)

    async def _limited(self, scope: Scope, receive: Receive, send: Send, request_id: str, length: bytes) -> None:
        begun = False

        async def echoing(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        if length.isdigit() and (len(length) > 18 or int(length) > self.max_body):
            body = problem_of(BodyTooLarge(f"at most {self.max_body} bytes"))
            await problem_response(body, {"Connection": "close"})(scope, receive, echoing)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self.max_body:
                    raise BodyTooLarge(f"at most {self.max_body} bytes", headers={"Connection": "close"})
            return message

        try:
            await self.app(scope, counted, echoing)
        except Exception as error:
            if begun:
                raise
            await unexpected(error)(scope, receive, echoing)
