"""SQL of scenarios, and of the losses that they are estimated from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from kit.security.principals import ScopeQuery
from services.risk.redirects.lists import is_one_sql
from services.risk.scenarios.bodies import LossFilter
from services.risk.scenarios.enums import LossSource
from services.risk.scenarios.models import Scenario

MOST_LOSSES = 100_000
DEFAULT_DAYS = 91
"""On this day after its due day an item has been open for more than 90 days."""
YEAR_DAYS = 365
_BY_ID = select_sql(Scenario, "id = ANY($1::uuid[]) ORDER BY id")
_ACTIVE = select_sql(Scenario, "risk_id = $1 AND state = 'active' ORDER BY id")
_INCIDENTS = """
SELECT i.occurred_on, i.gross_loss - i.recoveries FROM incident i
WHERE i.occurred_on BETWEEN $1::date AND $2::date AND i.gross_loss > i.recoveries
  AND ($3::text IS NULL OR i.risk_class = $3) AND ($4::uuid IS NULL OR i.risk_id = $4)
"""
_OF_ORDERS = f"($3::uuid IS NULL OR {is_one_sql('r.account_id', '$3')}) AND ($4::uuid IS NULL OR r.partner_id = $4)"
_DEFAULTS = f"""
SELECT r.due_on + {DEFAULT_DAYS}, r.open - coalesce(l.amount, 0)
FROM receivable r
LEFT JOIN account_directory d ON d.id = r.account_id
LEFT JOIN LATERAL (
    SELECT sum(m.amount)::bigint AS amount FROM receivable_move m
    WHERE m.order_id = r.order_id AND m.day > r.due_on + {DEFAULT_DAYS}
) l ON TRUE
WHERE r.due_on BETWEEN $1::date - {DEFAULT_DAYS} AND $2::date - {DEFAULT_DAYS}
  AND r.open - coalesce(l.amount, 0) > 0 AND {_OF_ORDERS}
"""
_RETURNS = f"""
SELECT m.day, -m.amount
FROM receivable_move m JOIN receivable r USING (order_id) LEFT JOIN account_directory d ON d.id = r.account_id
WHERE m.kind = 'returned' AND m.amount < 0 AND m.day BETWEEN $1::date AND $2::date AND {_OF_ORDERS}
"""
_CANCELLATIONS = f"""
SELECT (e.recorded_at AT TIME ZONE $4::text)::date, -e.amount
FROM exposure_entry e LEFT JOIN account_directory d ON d.id = e.account_id
WHERE e.kind = 'cancelled' AND e.amount < 0 AND ($3::uuid IS NULL OR {is_one_sql("e.account_id", "$3")})
  AND e.recorded_at >= $1::date::timestamp AT TIME ZONE $4::text
  AND e.recorded_at < ($2::date + 1)::timestamp AT TIME ZONE $4::text
"""


# What making good did cost, on the day on which the case was opened.
_REMEDIES = f"""
SELECT m.day, m.cost FROM case_remedy m LEFT JOIN account_directory d ON d.id = m.account_id
WHERE m.cost > 0 AND m.day BETWEEN $1::date AND $2::date AND $4::uuid IS NULL
  AND ($3::uuid IS NULL OR {is_one_sql("m.account_id", "$3")})
"""
# A year of net sales of a customer who left: that which ended with the last order before.
_CHURNED = f"""
SELECT c.day, s.amount
FROM churned_account c LEFT JOIN account_directory d ON d.id = c.account_id
CROSS JOIN LATERAL (
    SELECT max(t.day) AS day FROM tally_bucket t
    WHERE {is_one_sql("t.account_id", "c.account_id")} AND t.kind = 'confirmed' AND t.day <= c.day
) l
CROSS JOIN LATERAL (
    SELECT sum(t.amount)::bigint AS amount FROM tally_bucket t
    WHERE {is_one_sql("t.account_id", "c.account_id")} AND t.kind IN ('confirmed', 'returned')
      AND t.day > l.day - {YEAR_DAYS} AND t.day <= c.day
) s
WHERE c.day BETWEEN $1::date AND $2::date AND s.amount > 0 AND $4::uuid IS NULL
  AND NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = c.account_id)
  AND ($3::uuid IS NULL OR {is_one_sql("c.account_id", "$3")})
"""


class Loss(NamedTuple):
    """What was lost on a business day, more than 0."""

    day: date
    amount: int


async def list_by_id(tx: Tx, ids: Collection[UUID]) -> list[Scenario]:
    """Scenarios with these ids, by id."""
    return await tx.rows(Scenario, _BY_ID, sorted(ids))


async def list_active(tx: Tx, risk_id: UUID) -> list[Scenario]:
    """Active scenarios of a risk, by id."""
    return await tx.rows(Scenario, _ACTIVE, risk_id)


async def losses_of(
    tx: Tx, visible: ScopeQuery, source: LossSource, days: tuple[date, date], chosen: LossFilter, timezone: str
) -> list[Loss]:
    """Losses within a record scope, at most one more than `MOST_LOSSES`, by day."""
    by: tuple[object, object] = (chosen.account_id, chosen.partner_id)
    owner = "d.owner_id"
    match source:
        case LossSource.INCIDENT:
            sql, owner, by = _INCIDENTS, "i.owner_id", (chosen.risk_class, chosen.risk_id)
        case LossSource.DEFAULT:
            sql = _DEFAULTS
        case LossSource.RETURN:
            sql = _RETURNS
        case LossSource.REMEDY_COST:
            sql = _REMEDIES
        case LossSource.CHURNED_REVENUE:
            sql = _CHURNED
        case _:
            sql, by = _CANCELLATIONS, (chosen.account_id, timezone)
    sql = f"{sql} AND {visible.sees(owner, 5)} ORDER BY 1, 2 LIMIT {MOST_LOSSES + 1}"
    return await tx.rows(Loss, sql, *days, *by, *visible.args)
