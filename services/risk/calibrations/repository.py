"""SQL of calibrations: what incidents of a year have cost."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from kit.db.database import Tx
from kit.security.principals import ScopeQuery
from services.risk.risks.enums import RiskClass

_REALISED = """
SELECT i.risk_class, count(*)::bigint AS incidents, sum(i.gross_loss - i.recoveries)::bigint AS loss
FROM incident i WHERE i.occurred_on BETWEEN $1 AND $2 AND {scope} GROUP BY i.risk_class
"""


class Realised(NamedTuple):
    """Incidents of a class, and what they cost on balance."""

    risk_class: RiskClass
    incidents: int
    loss: int


async def realised(tx: Tx, visible: ScopeQuery, first: date, last: date) -> list[Realised]:
    """Incidents within a record scope that occurred from one day to another, by class."""
    sql = _REALISED.format(scope=visible.sees("i.owner_id", 3))
    return await tx.rows(Realised, sql, first, last, *visible.args)
