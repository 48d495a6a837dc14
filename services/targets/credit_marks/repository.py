"""SQL of the marks."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.targets.credit_marks.models import CreditMark

_DELETE = "DELETE FROM credit_mark WHERE id = ANY($1::uuid[])"


async def add_mark(tx: Tx, mark: CreditMark) -> None:
    """Keep a mark."""
    await insert_rows(tx, CreditMark, [mark])


async def delete_marks(tx: Tx, mark_ids: Collection[UUID]) -> None:
    """Forget marks that were followed."""
    await tx.execute(_DELETE, list(mark_ids))
