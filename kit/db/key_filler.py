"""Makes the keys of rows that have none: those from before the keys, and those that an older release writes meanwhile.

What is left to do stands in the rows themselves, so it goes on after a crash, and two workers share it. It takes half
of the time of one connection, locks a batch of rows for milliseconds, and waits for nobody's lock. When it starts it
looks, by one pass over each table, for keys that hold what no key holds any more (`STALE`, `STALE_PLACES`) and for
places of persons that may be none's (`PERSONS`), and makes those anew that come out differently.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import SQLModel

from kit.db.database import TRANSIENT_ERRORS, Database, Row, Tx
from kit.db.rows import dumps, table_name
from kit.db.text_keys import KEY_COLUMNS, TextKeys, everybody, keys_of
from kit.text import PERSONS, STALE, STALE_PLACES, fold_text

log = structlog.get_logger(__name__)

BATCH = 500
LOOK_SECONDS = 15.0

Fill = Callable[[Tx, UUID, int], Awaitable[UUID | None]]
"""Makes keys for at most so many rows whose ids come after the one given; returns the last id, None when none is left
behind it."""


@lru_cache(maxsize=64)
def _statements(table: str, keys: TextKeys) -> tuple[str, str, str]:
    columns = ", ".join(("id", *keys.sources, *keys.told_by))
    batch = "AND id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
    waiting = f"SELECT {columns} FROM {table} WHERE ({keys.waiting()}) {batch}"
    suspected = (
        f"SELECT {columns}, {', '.join(KEY_COLUMNS)} FROM {table} "
        f"WHERE keyed_of IS NOT NULL AND (search_key ~ $3 OR name_sort ~ $4) {batch}"
    )
    made = ", ".join(f"{column} = r.{column}" for column in KEY_COLUMNS)
    update = f"UPDATE {table} t SET {made} FROM json_populate_recordset(NULL::{table}, $1::json) r WHERE t.id = r.id"
    return waiting, suspected, update


class NameFill:
    """Makes the keys of a row type's names: a `Fill`."""

    def __init__(self, model: type[SQLModel]) -> None:
        keys = keys_of(model)
        if keys is None or not keys.name:
            raise TypeError(f"{model.__name__} has no name")
        self._keys = keys
        self._places = STALE_PLACES if keys.is_person is everybody else f"{STALE_PLACES}|{PERSONS}"
        self._waiting, self._suspected, self._update = _statements(table_name(model), keys)

    async def __call__(self, tx: Tx, after: UUID, count: int) -> UUID | None:
        return await self._write(tx, await tx.fetch(self._waiting, after, count))

    async def anew(self, tx: Tx, after: UUID, count: int) -> UUID | None:
        """A `Fill` of the keys that are out of date, as far as these show it."""
        return await self._write(tx, await tx.fetch(self._suspected, after, count, STALE, self._places))

    async def _write(self, tx: Tx, found: Sequence[Row]) -> UUID | None:
        """Give those of the rows their keys that have others; the last row's id."""
        rows: list[dict[str, Any]] = [dict(row) for row in found]
        made = [{**row, **self._keys.made(row)} for row in rows]
        if others := [new for row, new in zip(rows, made, strict=True) if new != row]:
            await tx.execute(
                self._update, dumps([{name: new[name] for name in ("id", *KEY_COLUMNS)} for new in others])
            )
        return rows[-1]["id"] if rows else None


class FoldedKey:
    """Folds a key of names (`kit.names.fold_name`) in a column of its own anew: a `Fill` that finds nothing waiting."""

    def __init__(self, model: type[SQLModel], column: str) -> None:
        table = table_name(model)
        self._stale = (
            f"SELECT id, {column} AS key FROM {table} WHERE {column} ~ $3 AND id > $1 "
            "ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
        )
        self._update = (
            f"UPDATE {table} t SET {column} = n.key FROM unnest($1::uuid[], $2::text[]) AS n(id, key) WHERE t.id = n.id"
        )

    async def __call__(self, _tx: Tx, _after: UUID, _count: int) -> UUID | None:
        return None

    async def anew(self, tx: Tx, after: UUID, count: int) -> UUID | None:
        """A `Fill` of the keys that hold what no key holds any more."""
        rows = await tx.fetch(self._stale, after, count, STALE)
        await tx.execute(self._update, [row["id"] for row in rows], [fold_text(row["key"]) for row in rows])
        return rows[-1]["id"] if rows else None


def names_of(model: type[SQLModel]) -> NameFill:
    """How the keys of a row type's names are made."""
    return NameFill(model)


def folded_of(model: type[SQLModel], column: str) -> FoldedKey:
    """How a key of names in a column of its own is kept up to date."""
    return FoldedKey(model, column)


class KeyFiller:
    """Fills what waits, then looks again and again; `look` are seconds."""

    def __init__(self, db: Database, fills: Sequence[Fill], *, batch: int = BATCH, look: float = LOOK_SECONDS) -> None:
        self._db = db
        self._fills = tuple(fills)
        self._batch = batch
        self._look = look
        self._anew = [fill.anew for fill in self._fills if isinstance(fill, NameFill | FoldedKey)]

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
        while self._anew and await self._all(self._anew[-1], stop):
            self._anew.pop()
        for fill in self._fills:
            await self._all(fill, stop)

    async def _all(self, fill: Fill, stop: asyncio.Event | None) -> bool:
        """Batch after batch, as long as nobody says stop; whether it came to the end."""
        after: UUID | None = UUID(int=0)
        while after is not None and not (stop is not None and stop.is_set()):
            begun = time.monotonic()
            async with self._db.transaction() as tx:
                after = await fill(tx, after, self._batch)
            if after is not None:
                await asyncio.sleep(time.monotonic() - begun)
        return after is None
