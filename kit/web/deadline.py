"""Work stops when nobody waits for it any more; what is being committed is never torn."""

from __future__ import annotations

import asyncio
from types import TracebackType

from fastapi import Request

from kit.errors import AppError
from kit.lookout import LOOK_AFTER_SECONDS, Lookout

HEADER = "x-request-timeout-ms"
_MAX_DIGITS = 9


class DeadlineExceeded(AppError):
    code, status, title = "deadline-exceeded", 504, "The caller's time was over before the work was done"


def seconds_of(request: Request) -> float | None:
    """How long the caller waits, as `X-Request-Timeout-Ms` says; None without that header, or with a malformed one."""
    given = request.headers.get(HEADER, "")
    is_usable = given.isascii() and given.isdigit() and len(given) <= _MAX_DIGITS
    return int(given) / 1000 if is_usable else None


class Deadline:
    """Cuts the block off when the time of `X-Request-Timeout-Ms` is over (DeadlineExceeded, after a rollback).

    Without that header, or with a malformed one, there is no deadline. `lift` before the commit: cut off in its
    middle, nobody would know whether it has happened.
    """

    def __init__(self, request: Request) -> None:
        self._seconds = seconds_of(request)
        self._lookout: Lookout = request.app.state.lookout
        self._timeout = None if self._seconds is None else asyncio.timeout(None)
        self._due = 0.0

    def watch(self) -> None:
        """From now on the block is cut off when its time is over; most are done before a timer is worth it."""
        if self._timeout is not None:
            self._timeout.reschedule(self._due)

    def lift(self) -> None:
        """From here on nothing is cut off."""
        if self._timeout is not None:
            self._lookout.remove(self)
            if self._timeout.when() is not None and not self._timeout.expired():
                self._timeout.reschedule(None)

    async def __aenter__(self) -> Deadline:
        if self._timeout is not None and self._seconds is not None:
            await self._timeout.__aenter__()
            loop = asyncio.get_running_loop()
            self._due = loop.time() + self._seconds
            if self._seconds < 2 * LOOK_AFTER_SECONDS:
                self.watch()
            else:
                self._lookout.add(self, loop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timeout is None:
            return
        self._lookout.remove(self)
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise DeadlineExceeded() from None
