"""SQL of disputes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows
from kit.db.text_keys import code_sql, fold_code
from kit.security.principals import ScopeQuery
from services.risk.disputes.lists import ORDERS, OWNER, PARTIES
from services.risk.disputes.models import Dispute, DisputeColumns, DisputeOrder
from services.risk.receivables.lists import disputed_sql

_SELECT = (
    f"SELECT {columns_of(DisputeColumns, 'q')}, {OWNER} AS owner_id, {ORDERS} AS orders FROM dispute q {PARTIES} WHERE"
)
_LOCK = "SELECT id FROM dispute WHERE id = $1 FOR NO KEY UPDATE"
_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended('dispute ' || o, 0)) FROM unnest($1::text[]) AS o"
_ITEMS = f"""
SELECT r.order_id, r.account_id, r.partner_id, d.owner_id, r.open, {disputed_sql("r.order_id")}::bigint AS disputed
FROM receivable r LEFT JOIN account_directory d ON d.id = r.account_id
WHERE r.order_id = ANY($1::uuid[]) AND r.due_on IS NOT NULL
"""
_END = "UPDATE dispute_order SET closed_on = $2 WHERE dispute_id = $1"
_ACCOUNTS = "SELECT DISTINCT account_id FROM receivable WHERE order_id = ANY($1::uuid[]) ORDER BY account_id"


class Item(NamedTuple):
    """A confirmed order: whose it is, what is open of it, and what of that is disputed."""

    order_id: UUID
    account_id: UUID
    partner_id: UUID | None
    owner_id: UUID | None
    open: int
    disputed: int


async def take_turns(tx: Tx, order_ids: Collection[UUID]) -> None:
    """Disputes of these orders take turns until the transaction ends."""
    await tx.execute(_TURNS, sorted(str(each) for each in order_ids))


async def items(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, Item]:
    """Confirmed orders by id, with what of them is disputed already."""
    return {one.order_id: one for one in await tx.rows(Item, _ITEMS, sorted(order_ids))}


async def add_dispute(tx: Tx, dispute: Dispute) -> bool:
    """Insert a dispute and what it disputes; False when another has its number."""
    if not await insert_rows(tx, DisputeColumns, [dispute], "ON CONFLICT DO NOTHING"):
        return False
    rows = [
        DisputeOrder(dispute_id=dispute.id, order_id=one.order_id, amount=one.amount, opened_on=dispute.opened_on)
        for one in dispute.orders
    ]
    await insert_rows(tx, DisputeOrder, rows)
    return True


async def end_orders(tx: Tx, dispute_id: UUID, day: date) -> None:
    """From a day on nothing of the orders is disputed by this dispute any more."""
    await tx.execute(_END, dispute_id, day)


async def accounts_of(tx: Tx, order_ids: Sequence[UUID]) -> list[UUID]:
    """Whose these orders are."""
    return await tx.column(UUID, _ACCOUNTS, list(order_ids))


async def id_of_number(tx: Tx, visible: ScopeQuery, number: str) -> UUID | None:
    """The dispute with this number, in whatever case, where the caller may see it."""
    sql = f"{_SELECT} {code_sql('q.number')} = $1 AND {visible.sees(OWNER, 2)}"
    found = await tx.row(Dispute, sql, fold_code(number), *visible.args)
    return None if found is None else found.id


async def find_dispute(tx: Tx, visible: ScopeQuery, dispute_id: UUID, *, lock: bool) -> Dispute | None:
    """A dispute, None when there is none in the scope; locked until the transaction ends on request."""
    if lock:
        await tx.execute(_LOCK, dispute_id)
    return await tx.row(Dispute, f"{_SELECT} q.id = $1 AND {visible.sees(OWNER, 2)}", dispute_id, *visible.args)
