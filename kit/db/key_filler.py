"""Makes the keys of rows that have none: those from before the keys, and those that an older release writes meanwhile.

What is left to do stands in the rows themselves, so it goes on after a crash, and two workers share it. It takes half
of the time of one connection, locks a batch of rows for milliseconds, and waits for nobody's lock. When it starts it
takes the keys away that hold what no key holds any more (`STALE`, `STALE_PLACES`), by one pass over each table.
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
from kit.text import STALE, STALE_PLACES

log = structlog.get_logger(__name__)

BATCH = 500
LOOK_SECONDS = 15.0

Fill = Callable[[Tx, UUID, int], Awaitable[UUID | None]]
"""Makes keys for at most so many rows whose ids come after the one given; returns the last id, None when none is left
behind it."""


@lru_cache(maxsize=64)
def _statements(table: str, keys: TextKeys) -> tuple[str, str, str]:
    waiting = (
        f"SELECT id, {', '.join(keys.sources)} FROM {table} WHERE ({keys.waiting()}) AND id > $1 "
        "ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
    )
    made = ", ".join(f"{column} = r.{column}" for column in KEY_COLUMNS)
    forget = (
        f"UPDATE {table} SET keyed_of = NULL WHERE keyed_of IS NOT NULL AND id IN "
        f"(SELECT id FROM {table} WHERE search_key ~ $1 OR name_sort ~ $2 FOR NO KEY UPDATE SKIP LOCKED)"
    )
    return (
        waiting,
        f"UPDATE {table} t SET {made} FROM json_populate_recordset(NULL::{table}, $1::json) r WHERE t.id = r.id",
        forget,
    )


class NameFill:
    """Makes the keys of a row type's names: a `Fill`."""

    def __init__(self, model: type[SQLModel]) -> None:
        keys = keys_of(model)
        if keys is None or not keys.name:
            raise TypeError(f"{model.__name__} has no name")
        self._keys = keys
        self._waiting, self._update, self._forget = _statements(table_name(model), keys)

    async def __call__(self, tx: Tx, after: UUID, count: int) -> UUID | None:
        rows = await tx.fetch(self._waiting, after, count)
        if not rows:
            return None
        await tx.execute(self._update, dumps([{"id": row["id"], **self._keys.made(dict(row))} for row in rows]))
        last: UUID = rows[-1]["id"]
        return last

    async def forget_stale(self, tx: Tx) -> None:
        """Let rows wait whose keys hold what no key holds any more; they are found by those, and stand there,
        meanwhile."""
        await tx.execute(self._forget, STALE, STALE_PLACES)


def names_of(model: type[SQLModel]) -> NameFill:
    """How the keys of a row type's names are made."""
    return NameFill(model)


class KeyFiller:
    """Fills what waits, then looks again and again; `look` are seconds."""

    def __init__(self, db: Database, fills: Sequence[Fill], *, batch: int = BATCH, look: float = LOOK_SECONDS) -> None:
        self._db = db
        self._fills = tuple(fills)
        self._batch = batch
        self._look = look
        self._stale = [fill for fill in self._fills if isinstance(fill, NameFill)]

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
        """Make every key that is missing now, for the first time also those that are out of date."""
        while self._stale:
            async with self._db.transaction() as tx:
                await self._stale[-1].forget_stale(tx)
            self._stale.pop()
        for fill in self._fills:
            after: UUID | None = UUID(int=0)
            while after is not None and not (stop is not None and stop.is_set()):
                begun = time.monotonic()
                async with self._db.transaction() as tx:
                    after = await fill(tx, after, self._batch)
                if after is not None:
                    await asyncio.sleep(time.monotonic() - begun)
