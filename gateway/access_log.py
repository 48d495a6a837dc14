"""One line of JSON per request: who, which route, what came of it, how long, how much."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from functools import lru_cache

import orjson

from gateway.answer import Answer
from gateway.headers import RequestContext
from gateway.routes import Route
from kit import clock
from kit.telemetry.scrubbing import scrub_text

LOGGER = "gateway.access"
FLUSH_SECONDS = 0.1
"""Lines of so long are written together: a system call for each costs as much as the line."""

# The subject may be an e-mail address; scrubbing costs more than the rest of the line, so each one is scrubbed once.
_principal = lru_cache(maxsize=4096)(scrub_text)


class AccessLog:
    """Writes at level INFO of the logger `gateway.access`.

    Past structlog, whose chain costs more than the line: all values but the principal are of the gateway's own making
    (the route's prefix, never the path with its ids), so that nothing else is left to scrub.
    """

    def __init__(self, *, is_on: bool, now: Callable[[], float] = time.perf_counter) -> None:
        self._is_on, self.now = is_on, now
        self._logger = logging.getLogger(LOGGER)
        self._lines: list[bytes] = []

    @property
    def is_on(self) -> bool:
        """Whether lines are written."""
        return self._is_on and self._logger.isEnabledFor(logging.INFO)

    def write(self, answer: Answer, method: str, route: Route | None, context: RequestContext, began: float) -> None:
        """The line of a request that has ended; status 0 when nothing was answered (the client left before)."""
        line = {
            "event": "request",
            "level": "info",
            "logger": LOGGER,
            "service": "gateway",
            "principal": _principal(answer.principal),
            "method": method if method.isalpha() and len(method) < 10 else "OTHER",
            "route": route.prefix if route is not None else "",
            "upstream": route.service if route is not None else "",
            "status": answer.status,
            "milliseconds": round((self.now() - began) * 1000, 2),
            "bytes": answer.bytes_sent,
            "request_id": context.request_id.decode(),
            "trace_id": context.trace.trace_id,
            "at": clock.now(),
        }
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._lines.append(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Write what waits; the owner calls it at the end."""
        lines, self._lines = self._lines, []
        sys.stderr.write(b"".join(lines).decode())
