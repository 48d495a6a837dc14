"""SQL of what is owed to partners."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_returning, insert_rows
from services.risk.payables.models import PartnerPayable, PartnerPayableMove

_NEW = "ON CONFLICT (event_id) DO NOTHING RETURNING event_id"
_ADD = "ON CONFLICT (partner_id) DO UPDATE SET amount = partner_payable.amount + excluded.amount"


async def add_moves(tx: Tx, rows: Sequence[PartnerPayableMove]) -> Collection[UUID]:
    """Keep moves; returns the events of those that were not there."""
    return {row["event_id"] for row in await insert_returning(tx, PartnerPayableMove, rows, _NEW)}


async def add_sums(tx: Tx, rows: Sequence[PartnerPayable]) -> None:
    """Add to what is owed (sorted, one row each)."""
    await insert_rows(tx, PartnerPayable, rows, _ADD)
