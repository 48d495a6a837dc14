"""What a worker does every few seconds beside its work: figures, sealing of the audit log, purges.

Each step stands alone: with the log away the database's figures are still fresh, and rows are still sealed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from kit import clock
from kit.db.database import Tx
from kit.events.handlers import Subscriptions
from kit.events.lag import LagMeter
from kit.events.projections import states
from kit.events.relay import RETRYABLE
from kit.events.status import waiting
from kit.jobs import store
from kit.runtime import Runtime
from kit.security.audit_chain import AuditSealer, ChainChanged, LookBack

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 5.0
FIGURES_EVERY_TURNS = 12
PURGE_EVERY_TURNS = 120
PURGE_ROWS = 5000
_PURGE = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE {column} < now() - interval '{keep}' LIMIT {rows}))
"""
OUTBOX_KEEPS = timedelta(days=14)
"""How long a sent fact can be sent again."""
INBOX_REMEMBERS = OUTBOX_KEEPS + timedelta(days=1)
"""A fact sent again on the last day of the outbox is still known to those who have handled it."""
_PURGES = (
    ("inbox", "handled_at", f"{INBOX_REMEMBERS.days} days"),
    ("outbox", "published_at", f"{OUTBOX_KEEPS.days} days"),
    ("idempotency_key", "created_at", "24 hours"),
)

Figure = Callable[[Tx], Awaitable[None]]
"""Sets gauges of a service's own from one cheap set-wise query; asked once a minute."""


class Housekeeping:
    """Steps of one worker, on its runtime."""

    def __init__(
        self, runtime: Runtime, subscriptions: Subscriptions, *, has_jobs: bool, figures: Sequence[Figure] = ()
    ) -> None:
        self.runtime = runtime
        self._lags = [LagMeter(runtime.bus, lane) for lane in subscriptions.lanes]
        self._has_jobs = has_jobs
        self._figures = figures
        self.sealer = AuditSealer(runtime.db, runtime.secret)
        since = runtime.settings.audit_from
        self.look_back = LookBack(runtime.db, runtime.secret, since if since > 1 else None)

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until `stop` is set; a step that fails is logged and comes again with the next turn."""
        turn = 0
        while not stop.is_set():
            await self._attempt(self.measure)
            await self._attempt(self.measure_lag)
            await self._attempt(self.look_back_at_the_seals)
            await self._attempt(self.seal)
            if turn % FIGURES_EVERY_TURNS == 0:
                await self._attempt(self.measure_figures)
            if turn % PURGE_EVERY_TURNS == 0:
                await self._attempt(self.purge)
            turn += 1
            try:
                await asyncio.wait_for(stop.wait(), MEASURE_SECONDS)
            except TimeoutError:
                continue

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except RETRYABLE as error:
            log.warning("housekeeping_retry", service=self.runtime.service, error=repr(error))
        except Exception as error:  # figures and cleaning must not stop the work
            log.error("housekeeping_failed", service=self.runtime.service, error=repr(error), exc_info=error)

    async def measure(self) -> None:
        """Refresh what the database tells: outbox, parked keys, jobs, and that this was looked at."""
        metrics = self.runtime.metrics
        async with self.runtime.db.reading() as tx:
            found = await waiting(tx)
            metrics.outbox(found.outbox_waiting, found.outbox_age)
            metrics.parked(found.parked_keys)
            for each in await states(tx):
                filled = 1.0 if each.state == "live" else each.done / max(each.total, 1)
                metrics.projection(each.name, is_aside=each.state == "aside", filled=filled)
            if self._has_jobs:
                for state, (count, oldest_seconds) in (await store.open_jobs(tx)).items():
                    metrics.jobs(state, count, oldest_seconds)
        metrics.measured(clock.now().timestamp())

    async def measure_lag(self) -> None:
        """Refresh how far the lanes are behind the log; raises BusUnavailable."""
        async with self.runtime.db.reading() as tx:
            for meter in self._lags:
                self.runtime.metrics.lag(meter.lane.name, *await meter.measure(tx))

    async def measure_figures(self) -> None:
        """Refresh the service's own figures."""
        for figure in self._figures:
            async with self.runtime.db.reading() as tx:
                await figure(tx)

    async def seal(self) -> None:
        """Seal the audit rows that have settled, and show how long others wait; raises ChainChanged."""
        is_whole = True
        try:
            await self.sealer.turn()
        except ChainChanged:
            is_whole = False
            raise
        finally:
            async with self.runtime.db.reading() as tx:
                is_whole = is_whole and self.look_back.broken is None
                self.runtime.metrics.audit(await self.sealer.waiting_seconds(tx), is_whole=is_whole)

    async def look_back_at_the_seals(self) -> None:
        """See whether the next rows of the audit log are as they were sealed."""
        before = self.look_back.broken
        await self.look_back.step()
        if (broken := self.look_back.broken) is not None and broken != before:
            log.error("audit_chain_broken", service=self.runtime.service, row=broken.id, reason=broken.reason)

    async def purge(self) -> None:
        """Drop what only served delivery and is old, in short transactions."""
        for table, column, keep in _PURGES:
            gone = PURGE_ROWS
            while gone == PURGE_ROWS:
                async with self.runtime.db.transaction() as tx:
                    gone = await tx.execute(_PURGE.format(table=table, column=column, keep=keep, rows=PURGE_ROWS))
