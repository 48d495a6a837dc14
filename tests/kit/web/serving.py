"""A program that serves a small application: `python -m tests.kit.web.serving PORT DRAIN_SECONDS`."""

from __future__ import annotations

import asyncio
import sys

from starlette.types import Receive, Scope, Send

from kit.web.server import serve


class Small:
    """Answers with its state; `/slow` after half a second."""

    def __init__(self) -> None:
        self.state = b"ready"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            sys.stdout.write("ended\n")
            return
        if scope["path"] == "/slow":
            await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": self.state})

    def drain(self) -> None:
        self.state = b"draining"


if __name__ == "__main__":
    small = Small()
    serve(small, host="127.0.0.1", port=int(sys.argv[1]), drain_seconds=float(sys.argv[2]), on_drain=small.drain)
