"""Looks after what lasts: one timer for all of it, as one for each request costs more than most requests need."""

from __future__ import annotations

import asyncio
from typing import Protocol

LOOK_AFTER_SECONDS = 0.05
"""Most answers are there before."""


class Watched(Protocol):
    """What may last."""

    def watch(self) -> None:
        """Called once, when it has lasted LOOK_AFTER_SECONDS."""
        ...


class Lookout:
    """Calls `watch` of everything that was added and is not removed LOOK_AFTER_SECONDS later (twice that at most).

    One for each loop.
    """

    def __init__(self) -> None:
        self._began: dict[Watched, float] = {}
        self._is_looking = False

    def add(self, watched: Watched, loop: asyncio.AbstractEventLoop) -> None:
        """It begins. Asking for the running loop is a system call in Python 3.11, hence it is given."""
        self._began[watched] = loop.time()
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(LOOK_AFTER_SECONDS, self._look, loop)

    def remove(self, watched: Watched) -> None:
        """It has ended."""
        self._began.pop(watched, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        latest = loop.time() - LOOK_AFTER_SECONDS
        for watched, began in list(self._began.items()):
            if began > latest:
                break
            del self._began[watched]
            watched.watch()
        self._is_looking = bool(self._began)
        if self._is_looking:
            loop.call_later(LOOK_AFTER_SECONDS, self._look, loop)
