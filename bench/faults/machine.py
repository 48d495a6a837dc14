"""What goes wrong with the machine under the processes: clocks that step, disks that run full."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from bench.faults.clocks import HOUR
from bench.faults.injections import Injection
from bench.faults.processes import System

SINGLE, WHOLE = "clock of a process", "clock of the machine"
POSTGRES_FULL, KAFKA_FULL = "disk of postgres full", "disk of kafka full"
CLOCKS = (SINGLE, WHOLE)
DISKS = (POSTGRES_FULL, KAFKA_FULL)

Inject = Callable[[], Awaitable[Injection]]


class MachineFaults:
    """Injections into what `system` was started with; those it was started without are not offered."""

    def __init__(self, system: System, rng: random.Random, *, short: bool) -> None:
        self._system, self._rng = system, rng
        self._seconds = 4.0 if short else 15.0

    def kinds(self) -> Mapping[str, Inject]:
        """By name."""
        found: dict[str, Inject] = {}
        if self._system.clocks is not None:
            found |= {SINGLE: self._step_one, WHOLE: self._step_all}
        if self._system.disks:
            found |= {POSTGRES_FULL: self._fill_postgres, KAFKA_FULL: self._fill_kafka}
        return found

    async def _step(self, kind: str, names: list[str]) -> Injection:
        """An hour ahead, then an hour behind, then right again."""
        assert self._system.clocks is not None
        for seconds in (HOUR, -HOUR, 0):
            self._system.clocks.step(names, seconds)
            await asyncio.sleep(self._seconds if seconds else 2.5)
        return Injection(kind, ", ".join(names) if len(names) < 3 else f"{len(names)} processes", 0)

    async def _step_one(self) -> Injection:
        assert self._system.clocks is not None
        return await self._step(SINGLE, [self._rng.choice(self._system.clocks.names())])

    async def _step_all(self) -> Injection:
        assert self._system.clocks is not None
        return await self._step(WHOLE, self._system.clocks.names())

    async def _fill_postgres(self) -> Injection:
        await self._fill("postgres")
        await self._system.restart_postgres_if_gone()
        return Injection(POSTGRES_FULL, "postgres", 0)

    async def _fill_kafka(self) -> Injection:
        await self._fill("kafka")
        await self._system.restart_kafka_if_gone()
        return Injection(KAFKA_FULL, "kafka", 0)

    async def _fill(self, name: str) -> None:
        disk = self._system.disks[name]
        disk.fill()
        try:
            for _ in range(round(self._seconds)):
                await asyncio.sleep(1)
                disk.fill()
        finally:
            disk.free()
