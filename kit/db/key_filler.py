"""Makes the keys of rows that have none: those from before the keys, and those that an older release writes meanwhile.

What is left to do stands in the rows themselves, so it goes on after a crash, and two workers share it. It takes half
of the time of one connection, locks a batch of rows for milliseconds, and waits for nobody's lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from uuid import UUID

import structlog
from sqlmodel import SQLModel

from kit.db.database import TRANSIENT_ERRORS, Database, Tx
from kit.db.rows import dumps, table_name
from kit.db.text_keys import KEY_COLUMNS, TextKeys, keys_of

log = structlog.get_logger(__name__)

BATCH = 500
LOOK_SECONDS = 15.0

Fill = Callable[[Tx, UUID, int], Awaitable[UUID | None]]
"""Makes keys for at most so many rows whose ids come after the one given; returns the last id, None when none is left
behind it."""


@lru_cache(maxsize=64)
def _statements(table: str, keys: TextKeys) -> tuple[str, str]:
    waiting = (
        f"SELECT id, {', '.join(keys.sources)} FROM {table} WHERE ({keys.waiting()}) AND id > $1 "
        "ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
    )
    made = ", ".join(f"{column} = r.{column}" for column in KEY_COLUMNS)
    return (
        waiting,
        f"UPDATE {table} t SET {made} FROM json_populate_recordset(NULL::{table}, $1::json) r WHERE t.id = r.id",
    )


def names_of(model: type[SQLModel]) -> Fill:
    """How the keys of a row type's names are made."""
    keys = keys_of(model)
    if keys is None or not keys.name:
        raise TypeError(f"{model.__name__} has no name")
    waiting, update = _statements(table_name(model), keys)

    async def fill(tx: Tx, after: UUID, count: int) -> UUID | None:
        rows = await tx.fetch(waiting, after, count)
        if not rows:
            return None
        await tx.execute(update, dumps([{"id": row["id"], **keys.made(dict(row))} for row in rows]))
        last: UUID = rows[-1]["id"]
        return last

    return fill


class KeyFiller:
    """Fills what waits, then looks again and again; `look` are seconds."""

    def __init__(self, db: Database, fills: Sequence[Fill], *, batch: int = BATCH, look: float = LOOK_SECONDS) -> None:
        self._db = db
        self._fills = tuple(fills)
        self._batch = batch
        self._look = look

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a batch that has begun ends."""
        while not stop.is_set():
            try:
                await self.fill(stop)
            except TRANSIENT_ERRORS as error:
                log.warning("key_filler_retry", service=self._db.settings.name, error=repr(error))
            except Exception as error:  # one table's mistake must not end the worker
                log.error("key_filler_failed", service=self._db.settings.name, error=repr(error), exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._look)

    async def fill(self, stop: asyncio.Event | None = None) -> None:
        """Make every key that is missing now."""
        for fill in self._fills:
            after: UUID | None = UUID(int=0)
            while after is not None and not (stop is not None and stop.is_set()):
                begun = time.monotonic()
                async with self._db.transaction() as tx:
                    after = await fill(tx, after, self._batch)
                if after is not None:
                    await asyncio.sleep(time.monotonic() - begun)
