"""Parts of a long-running process: each works until it is told to stop, and none may end unseen before.

A task that waits for a cancelled task of a library gets that task's CancelledError; a task group takes a child that
ends with it for an orderly end, and says nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class PartEnded(RuntimeError):
    """A part ended although it was not told to."""


def is_cancelled(error: BaseException) -> bool:
    """Whether `error` is the cancellation of the running task itself, which must pass."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


async def until(stop: asyncio.Event, name: str, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a part until `stop` is set; raises PartEnded when it returns, or passes on a cancellation, before."""
    try:
        await work(stop)
    except asyncio.CancelledError as error:
        if is_cancelled(error):
            raise
        raise PartEnded(f"{name} was cancelled from inside") from error
    if not stop.is_set():
        raise PartEnded(f"{name} ended by itself")
