"""SQL of controls."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.risk.controls.models import Control

_OF_RISK = select_sql(Control, "risk_id = $1 ORDER BY id")


async def of_risk(tx: Tx, risk_id: UUID) -> list[Control]:
    """The controls of a risk, the oldest first."""
    return await tx.rows(Control, _OF_RISK, risk_id)
