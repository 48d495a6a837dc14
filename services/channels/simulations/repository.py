"""SQL of simulations: what partners sold in each period, by one statement over all orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.channels.simulations.models import RebateSimulation, RebateSimulationResult

_ELIGIBLE = "$3::text[] = '{}' OR l.product_line = ANY($3::text[])"
_BOUGHT = f"""
SELECT s.order_id, s.account_id, s.partner_id, s.order_date, s.confirmed_at,
    coalesce(sum(l.net_base - l.returned_net_base) FILTER (WHERE {_ELIGIBLE}), 0)::bigint AS volume,
    coalesce(sum(l.net_base - l.returned_net_base) FILTER (WHERE l.product_line = ANY($4::text[])), 0)::bigint AS focus
FROM sale s JOIN sale_line l USING (order_id)
WHERE s.order_date BETWEEN $1 AND $2 AND s.confirmed_at IS NOT NULL
"""
_OWN = "s.partner_id IS NOT NULL AND (s.account_id IS NULL OR s.account_id <> ALL($5::uuid[]))"
_SOLD = f"""
WITH bought AS (
    {_BOUGHT} AND {_OWN} AND ($6::uuid[] = '{{}}' OR s.partner_id = ANY($6::uuid[])) GROUP BY s.order_id
)
SELECT partner_id, date_trunc($7, order_date::timestamp)::date AS period_start, count(*) AS orders,
    sum(volume)::bigint AS volume, sum(focus)::bigint AS focus
FROM bought GROUP BY 1, 2
"""
_PERHAPS_SHARED = f"{_BOUGHT} AND s.account_id = ANY($5::uuid[]) GROUP BY s.order_id ORDER BY s.order_id"


class Sold(NamedTuple):
    """What a partner sold in a period, net of what came back; `focus` is what of it is in focus lines."""

    partner_id: UUID
    period_start: date
    orders: int
    volume: int
    focus: int


class Bought(NamedTuple):
    """An order that partners may share, with its net."""

    order_id: UUID
    account_id: UUID
    partner_id: UUID | None
    order_date: date
    confirmed_at: datetime
    volume: int
    focus: int


async def hold_still(tx: Tx) -> None:
    """Let all statements of a transaction that has not begun to read see one moment, however long they take."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await tx.execute("SET LOCAL statement_timeout = 0")


async def sold(tx: Tx, plan: RebateSimulation, shared: Sequence[UUID]) -> list[Sold]:
    """What partners sold in each period, without orders of accounts that partners may share."""
    return await tx.rows(Sold, _SOLD, *_asked(plan), shared, list(plan.partner_ids), str(plan.period))


async def perhaps_shared(tx: Tx, plan: RebateSimulation, accounts: Sequence[UUID]) -> list[Bought]:
    """Orders of accounts that partners may share."""
    return await tx.rows(Bought, _PERHAPS_SHARED, *_asked(plan), accounts) if accounts else []


async def add_results(tx: Tx, rows: Sequence[RebateSimulationResult]) -> None:
    """Keep results."""
    await insert_rows(tx, RebateSimulationResult, rows)


def _asked(plan: RebateSimulation) -> tuple[date, date, list[str], list[str]]:
    return plan.valid_from, plan.valid_to, list(plan.product_lines), list(plan.focus_lines or ())
