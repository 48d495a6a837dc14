"""SQL of the alerts of risk."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.risk_alerts.models import RiskAlert

_NAMES = ("target_id", "account_id", "measure", "state", "level", "version")
_LATER = (
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES)} "
    "WHERE risk_alert.version < excluded.version"
)
_BY_ID = select_sql(RiskAlert, "id = $1")


async def put_alerts(tx: Tx, rows: Sequence[RiskAlert]) -> None:
    """Insert or replace alerts by a later version; each id once, sorted."""
    await insert_rows(tx, RiskAlert, rows, _LATER)


async def find_alert(tx: Tx, alert_id: UUID) -> RiskAlert | None:
    """An alert by id."""
    return await tx.row(RiskAlert, _BY_ID, alert_id)
