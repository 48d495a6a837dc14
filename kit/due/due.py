"""What becomes due: rows with a `due_at` in their service's own table, and the function that works them.

The step takes each of its rows off the list (clears `due_at`, moves it to a later moment, or changes the state that the
condition asks for) and announces what happened: all in the transaction that holds the rows, so once, whatever workers,
restarts and clocks do. A row that was due long ago is worked like any other, and its `due_at` says how late that is.
What comes again and again moves its `due_at` by one step each time: a week off is seven steps, none skipped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.database import Tx
from kit.db.rows import columns_of, table_name
from kit.work import Work

Kind = TypeVar("Kind", bound=SQLModel)

LONGEST_PAUSE: Final = timedelta(hours=1)
FIRST_PAUSE: Final = timedelta(seconds=5)


class StillDue(Exception):
    """A step left a row as due as before: it would be worked, and announced, again and again."""


@dataclass(frozen=True, slots=True)
class Due(Generic[Kind]):
    """One kind of due rows.

    `row` is their type (with `id` and `due_at`, and the table by its name); `step` works up to `batch` of them, oldest
    first, which nobody else can change meanwhile. `condition` is literal SQL over the alias `t` beside `t.due_at <=
    now`; an index on (due_at) with the same condition finds them.
    """

    name: str
    row: type[Kind]
    step: Callable[[Work, Sequence[Kind]], Awaitable[None]]
    condition: str = "TRUE"
    batch: int = 100

    @property
    def _where(self) -> str:
        return f"FROM {table_name(self.row)} t WHERE {self.condition} AND t.due_at <= $1"

    async def claim(self, tx: Tx, now: datetime, only: UUID | None = None) -> list[Kind]:
        """Due rows that nobody holds, locked; without those that wait for another attempt, or the one named.

        A pause that ends later than any pause lasts was written before the clock was set back: it counts as over.
        """
        one = "" if only is None else "AND t.id = $4"
        sql = (
            f"SELECT {columns_of(self.row, 't')} {self._where} {one} AND NOT EXISTS (SELECT FROM due_failure f "
            "WHERE f.name = $2 AND f.row_id = t.id AND f.retry_at > $1 AND f.retry_at <= $1 + $3::interval) "
            f"ORDER BY t.due_at, t.id LIMIT {self.batch} FOR UPDATE OF t SKIP LOCKED"
        )
        return await tx.rows(self.row, sql, now, self.name, LONGEST_PAUSE, *([] if only is None else [only]))

    async def settle(self, tx: Tx, rows: Sequence[Any]) -> None:
        """Forget the failures of rows that were worked; raises StillDue when one of them is as due as before."""
        ids, moments = [row.id for row in rows], [row.due_at for row in rows]
        sql = (
            "WITH forgotten AS (DELETE FROM due_failure WHERE name = $1 AND row_id = ANY($2::uuid[])) "
            f"SELECT t.id FROM {table_name(self.row)} t JOIN unnest($2::uuid[], $3::timestamptz[]) AS was (id, due_at) "
            f"ON was.id = t.id WHERE {self.condition} AND t.due_at <= was.due_at LIMIT 1"
        )
        left = await tx.fetchval(sql, self.name, ids, moments)
        if left is not None:
            raise StillDue(f"{self.name} left {left} due")

    async def postpone(self, tx: Tx, now: datetime, row_id: UUID, error: str) -> int:
        """Let a row that failed wait, each time twice as long; returns how often it has failed."""
        attempts = await tx.fetchval(_POSTPONE, self.name, row_id, now, error, FIRST_PAUSE, LONGEST_PAUSE)
        return int(attempts)

    def looked_for(self, number: int) -> str:
        """A statement with `number` and since when the row has been due that waits longest."""
        return f"SELECT {number} AS number, (SELECT t.due_at {self._where} ORDER BY t.due_at LIMIT 1) AS oldest"

    async def forget(self, tx: Tx, now: datetime) -> int:
        """Drop failures of rows that a command has taken off the list; returns how many rows wait for an attempt."""
        await tx.execute(
            f"DELETE FROM due_failure f WHERE f.name = $2 AND NOT EXISTS (SELECT {self._where} AND t.id = f.row_id)",
            now,
            self.name,
        )
        return int(await tx.fetchval("SELECT count(*) FROM due_failure WHERE name = $1", self.name))


AnyDue = Due[Any]


async def oldest(tx: Tx, dues: Sequence[AnyDue], now: datetime) -> list[datetime | None]:
    """Since when the row has been due that waits longest, of each kind; None when nothing is due. One statement."""
    sql = " UNION ALL ".join(due.looked_for(number) for number, due in enumerate(dues))
    return [row["oldest"] for row in await tx.fetch(f"{sql} ORDER BY number", now)]


async def failures(tx: Tx) -> dict[str, int]:
    """How many rows of each kind have failed; kinds without any are left out."""
    rows = await tx.fetch("SELECT name, count(*) AS failed FROM due_failure GROUP BY name")
    return {row["name"]: row["failed"] for row in rows}


_POSTPONE = """
INSERT INTO due_failure AS f (name, row_id, attempts, retry_at, error, failed_at)
VALUES ($1, $2, 1, $3::timestamptz + $5::interval, $4, $3)
ON CONFLICT (name, row_id) DO UPDATE SET
    attempts = f.attempts + 1, error = $4, failed_at = $3,
    retry_at = $3::timestamptz + least($5::interval * power(2, least(f.attempts, 20)), $6::interval)
RETURNING attempts
"""
