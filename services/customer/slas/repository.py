"""SQL of clocks. Whoever writes those of a case has locked the case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.slas.models import CaseClock

_FIXED: Final = ("id", "case_id", "clock", "attempt", "started_at")
_PUT: Final = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in CaseClock.model_fields if name not in _FIXED
)
_OF: Final = select_sql(CaseClock, "case_id = ANY($1::uuid[]) ORDER BY case_id, started_at, clock, attempt")


async def clocks_of(tx: Tx, case_ids: Collection[UUID]) -> list[CaseClock]:
    """Clocks of cases, those of a case in the order in which they were started."""
    return await tx.rows(CaseClock, _OF, list(case_ids))


async def put_clocks(tx: Tx, rows: Sequence[CaseClock]) -> None:
    """Insert clocks, or write those that are there as they are now."""
    await insert_rows(tx, CaseClock, rows, _PUT)
