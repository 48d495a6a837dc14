"""SQL of marks."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.marks.models import IndicatorMark


async def add_marks(tx: Tx, marks: Sequence[IndicatorMark]) -> None:
    """Leave marks."""
    await insert_rows(tx, IndicatorMark, marks)


async def drop_marks(tx: Tx, ids: Sequence[UUID]) -> None:
    """These marks were seen."""
    await tx.execute("DELETE FROM indicator_mark WHERE id = ANY($1::uuid[])", ids)
