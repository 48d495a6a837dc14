"""SQL of simulations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.receivables.lists import undisputed_sql
from services.risk.simulations.models import RiskPolicySimulation, RiskPolicySimulationResult

OVERDUE = f"""
WITH root AS (SELECT unnest($1::uuid[]) AS id),
member AS (
    SELECT id AS root_id, id AS account_id FROM root
    UNION ALL SELECT r.root_id, r.account_id FROM root JOIN account_root r ON r.root_id = root.id
)
SELECT m.root_id, m.account_id, coalesce(greatest(0, $2::date - (
           SELECT min(r.due_on) FROM receivable r
           WHERE r.account_id = m.account_id AND r.open > 0 AND r.open >= $3 AND r.order_date >= $4
             AND {undisputed_sql("r")} >= greatest(1, $3)
       )), 0) AS days_overdue,
       ARRAY(SELECT h.hold_reason FROM credit_hold h WHERE h.subject_id = m.account_id AND h.state = 'standing')
           AS standing,
       ARRAY(SELECT w.hold_reason FROM credit_hold w WHERE w.subject_id = m.account_id AND w.waived_until >= $2::date)
           AS waived
FROM member m ORDER BY m.root_id, m.account_id
"""
_FINISH = """
UPDATE risk_policy_simulation SET subjects = $2, updated_at = now(), version = version + 1,
    moved = (SELECT count(*) FROM risk_policy_simulation_result r WHERE r.simulation_id = $1)
WHERE id = $1 AND subjects IS NULL
"""


class Member(NamedTuple):
    """An account of a group, or a partner, with what may hold it: no item is a partner's own."""

    root_id: UUID
    account_id: UUID
    days_overdue: int
    standing: Sequence[str]
    waived: Sequence[str]


async def add_simulation(tx: Tx, row: RiskPolicySimulation) -> None:
    """Keep a simulation."""
    await insert_rows(tx, RiskPolicySimulation, [row])


async def add_results(tx: Tx, rows: Sequence[RiskPolicySimulationResult]) -> None:
    """Keep results."""
    await insert_rows(tx, RiskPolicySimulationResult, rows)


async def members(tx: Tx, roots: Sequence[UUID], day: date, open_from: int, items_from: date) -> list[Member]:
    """Accounts with all that lead to them, or partners; an item counts from an open amount and an order date on."""
    return await tx.rows(Member, OVERDUE, roots, day, open_from, items_from)


async def finish(tx: Tx, simulation_id: UUID, subjects: int) -> None:
    """Keep how many subjects a simulation looked at, and count its results."""
    await tx.execute(_FINISH, simulation_id, subjects)
