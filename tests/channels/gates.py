"""Two sides at once that stop where it hurts: one has done its work and not committed, then the other begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

WAITS = 0.5
"""Seconds after which who has not answered waits for a lock."""


@dataclass
class Gate:
    """Where one side stands before it commits."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def after(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def gated(*args: Any, **more: Any) -> Any:
            answer = await original(*args, **more)
            self.reached.set()
            await self.opened.wait()
            return answer

        return gated


@asynccontextmanager
async def standing(first: Any, gate: Gate) -> AsyncIterator[asyncio.Task[Any]]:
    """One side stands at the gate; it goes on once the other has had its time."""
    task = asyncio.ensure_future(first)
    await asyncio.wait_for(gate.reached.wait(), 30)
    try:
        yield task
    finally:
        gate.opened.set()
        await task


async def at_once(first: Any, gate: Gate, second: Any) -> tuple[Any, Any]:
    """Answers of both sides: the first one stands at the gate while the second begins."""
    async with standing(first, gate) as task:
        other = asyncio.ensure_future(second)
        await asyncio.wait([other], timeout=WAITS)
        gate.opened.set()
        await asyncio.gather(task, other)
    return task.result(), other.result()
