"""Fills projections that are new or of a new version from the log, while their lane goes on without them.

A rebuild reads the log into shadow tables, locks the lane's offsets, reads what is left and puts the tables in place:
from that offset on the lane feeds them.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from kit.db.database import TRANSIENT_ERRORS, Database
from kit.events.bus import BusUnavailable, EventBus
from kit.events.handlers import Projection, Subscriptions
from kit.events.projections import to_fill
from kit.events.rebuild import RebuildRefused, rebuild

log = structlog.get_logger(__name__)

AWAY: tuple[type[BaseException], ...] = (BusUnavailable, *TRANSIENT_ERRORS)
LOOK_SECONDS = 2.0
PROGRESS_SECONDS = 1.0

_PROGRESS = "UPDATE projection_state SET done = $2, total = $3 WHERE name = $1 AND state <> 'aside'"
_REASON = "UPDATE projection_state SET reason = $2 WHERE name = $1"
_ASIDE = """
UPDATE projection_state SET state = 'aside', version = $3, reason = $2, since = clock_timestamp() WHERE name = $1
"""


class Filler:
    """Works through what waits to be filled, one projection at a time; two workers do not fill the same one."""

    def __init__(self, db: Database, bus: EventBus, subscriptions: Subscriptions) -> None:
        self._db = db
        self._bus = bus
        self._subscriptions = subscriptions

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again; nothing ends this but `stop`."""
        while not stop.is_set():
            try:
                for projection in await to_fill(self._db, self._subscriptions):
                    await self._fill(projection)
            except AWAY as error:
                log.warning("filler_retry", service=self._subscriptions.service, error=repr(error))
            except Exception as error:  # the lanes go on
                log.error("filler_failed", service=self._subscriptions.service, error=repr(error), exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    async def _fill(self, projection: Projection) -> None:
        """Fill one; a fold that fails sets it aside, since it would fail again."""
        name, said = projection.name, time.monotonic()

        async def progress(done: int, total: int) -> None:
            nonlocal said
            if time.monotonic() - said >= PROGRESS_SECONDS:
                said = time.monotonic()
                await self._execute(_PROGRESS, name, done, total)

        try:
            report = await rebuild(
                self._db, self._bus, self._subscriptions, name, swap=True, force=True, resume=True, progress=progress
            )
            log.info("projection_filled", service=self._subscriptions.service, projection=name, events=report.events)
        except RebuildRefused as error:
            await self._execute(_REASON, name, error.detail)
        except AWAY:
            raise
        except Exception as error:
            log.error("projection_set_aside", projection=name, error=repr(error), exc_info=error)
            await self._execute(_ASIDE, name, repr(error)[:2000].replace("\x00", ""), projection.version)

    async def _execute(self, sql: str, *args: object) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(sql, *args)
