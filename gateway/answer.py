"""ASGI send of the gateway: adds its headers, compresses, and knows what was answered for the access log."""

from __future__ import annotations

from starlette.types import Message, Send

from gateway.compression import Gzip, accepts_gzip, vary, verdict
from gateway.cors import Cors
from gateway.headers import Headers, Values


class Answer:
    """One answer. `headers` are added to those of the service; `principal` is empty before the token is verified.

    `minimum`: JSON of at least so many bytes is compressed; 0 never.
    """

    def __init__(self, send: Send, method: str, values: Values, headers: Headers, cors: Cors, minimum: int) -> None:
        self._send, self._values, self._cors = send, values, cors
        self._minimum = 0 if method == "HEAD" else minimum
        self._gzip: Gzip | None = None
        self.headers = headers
        self.principal = ""
        self.status = 0
        self.bytes_sent = 0

    @property
    def has_started(self) -> bool:
        """Whether the status is decided."""
        return self.status != 0

    async def __call__(self, message: Message) -> None:
        """Passes on an ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: Headers = [*message.get("headers", ()), *self.headers]
            if self._cors.is_on:
                headers = self._cors.on_answer(headers, self._values)
            await self._start({**message, "headers": headers})
        elif message["type"] == "http.response.body":
            await self._body(message.get("body", b""), is_last=not message.get("more_body", False))
        else:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        decided = verdict(message["status"], message["headers"], self._minimum) if self._minimum else "never"
        if decided != "never":
            message["headers"] = vary(message["headers"], b"accept-encoding")
            if decided != "plain" and accepts_gzip(self._values):
                message["headers"] = Gzip.headers(message["headers"])
                self._gzip = Gzip(is_streamed=decided == "stream")
        await self._send(message)

    async def _body(self, chunk: bytes, *, is_last: bool) -> None:
        if self._gzip is not None:
            chunk = self._gzip.feed(chunk, is_last=is_last)
            if not chunk and not is_last:
                return
        self.bytes_sent += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": not is_last})
