"""SQL of the facts of KPIs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from services.targets.kpi_facts.models import (
    KpiAccount,
    KpiAnswer,
    KpiCaseStep,
    KpiLead,
    KpiMovement,
    KpiOpportunity,
    KpiPayment,
    KpiSale,
    KpiShare,
    KpiStage,
    KpiVisit,
)

_ONCE = "ON CONFLICT DO NOTHING"
_ACCOUNTS = select_sql(KpiAccount, "id = ANY($1::uuid[])")
_OLDER_SHARES = """
DELETE FROM kpi_share h USING json_populate_recordset(NULL::kpi_share, $1::json) n
WHERE h.order_id = n.order_id AND h.sequence < n.sequence
"""
_SHARES = f"""
INSERT INTO kpi_share ({columns_of(KpiShare)})
SELECT {columns_of(KpiShare, "n")} FROM json_populate_recordset(NULL::kpi_share, $1::json) n
WHERE NOT EXISTS (SELECT FROM kpi_share h WHERE h.order_id = n.order_id AND h.sequence > n.sequence)
ON CONFLICT DO NOTHING
"""
_LATER_OPPORTUNITY = """
ON CONFLICT (id) DO UPDATE SET
    account_id = excluded.account_id, owner_id = excluded.owner_id, state = excluded.state, amount = excluded.amount,
    opened_on = excluded.opened_on, closed_on = excluded.closed_on, version = excluded.version
WHERE kpi_opportunity.version < excluded.version
"""
_LATER_ACCOUNT = """
ON CONFLICT (id) DO UPDATE SET
    region = excluded.region, customer_type = excluded.customer_type, version = excluded.version
WHERE kpi_account.version < excluded.version
"""
_LATER_LEAD = """
ON CONFLICT (id) DO UPDATE SET
    created_on = coalesce(kpi_lead.created_on, excluded.created_on),
    owner_id = CASE WHEN kpi_lead.sequence < excluded.sequence THEN excluded.owner_id ELSE kpi_lead.owner_id END,
    closed_on = CASE WHEN kpi_lead.sequence < excluded.sequence THEN excluded.closed_on ELSE kpi_lead.closed_on END,
    is_converted = CASE
        WHEN kpi_lead.sequence < excluded.sequence THEN excluded.is_converted ELSE kpi_lead.is_converted END,
    sequence = greatest(kpi_lead.sequence, excluded.sequence)
"""


async def put_sales(tx: Tx, sales: Sequence[KpiSale], movements: Sequence[KpiMovement]) -> None:
    """Keep orders by the first event that tells of them, and what each event did to their lines."""
    await insert_rows(tx, KpiSale, sales, _ONCE)
    await insert_rows(tx, KpiMovement, movements, _ONCE)


async def put_payments(tx: Tx, rows: Sequence[KpiPayment]) -> None:
    """Keep what events paid."""
    await insert_rows(tx, KpiPayment, rows, _ONCE)


async def put_shares(tx: Tx, rows: Sequence[KpiShare]) -> None:
    """Keep the newest shares of each order; the rows of one have one sequence."""
    if rows:
        await tx.execute(_OLDER_SHARES, dumps(rows))
        await tx.execute(_SHARES, dumps(rows))


async def put_visits(tx: Tx, rows: Sequence[KpiVisit]) -> None:
    """Keep visits."""
    await insert_rows(tx, KpiVisit, rows, _ONCE)


async def put_opportunities(tx: Tx, rows: Sequence[KpiOpportunity]) -> None:
    """Insert or replace opportunities by a later version; each id once."""
    await insert_rows(tx, KpiOpportunity, rows, _LATER_OPPORTUNITY)


async def put_answers(tx: Tx, rows: Sequence[KpiAnswer]) -> None:
    """Keep answers."""
    await insert_rows(tx, KpiAnswer, rows, _ONCE)


async def put_stages(tx: Tx, rows: Sequence[KpiStage]) -> None:
    """Keep changes of stages."""
    await insert_rows(tx, KpiStage, rows, _ONCE)


async def put_accounts(tx: Tx, rows: Sequence[KpiAccount]) -> None:
    """Insert or replace accounts by a later version; each id once."""
    await insert_rows(tx, KpiAccount, rows, _LATER_ACCOUNT)


async def list_accounts(tx: Tx, account_ids: Collection[UUID]) -> list[KpiAccount]:
    """Those of these accounts that are known."""
    return await tx.rows(KpiAccount, _ACCOUNTS, list(account_ids))


async def put_leads(tx: Tx, rows: Sequence[KpiLead]) -> None:
    """Insert leads, or what a later event says of them; each id once."""
    await insert_rows(tx, KpiLead, rows, _LATER_LEAD)


async def put_case_steps(tx: Tx, rows: Sequence[KpiCaseStep]) -> None:
    """Keep what happened to cases."""
    await insert_rows(tx, KpiCaseStep, rows, _ONCE)
