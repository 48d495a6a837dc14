"""SQL of the money that waits for orders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.deposits.models import WaitingDeposit
from services.risk.deposits.rules import Waiting

# `WaitingDeposit.after`, of the rows that are there.
_PUT_WAITING = """
ON CONFLICT (payment_id) DO UPDATE SET amount = CASE WHEN excluded.version > waiting_deposit.version
        THEN excluded.amount ELSE waiting_deposit.amount END,
    version = greatest(waiting_deposit.version, excluded.version),
    is_waiting = waiting_deposit.is_waiting AND excluded.is_waiting
"""
_LOWER_WAITING = """
UPDATE waiting_deposit w SET amount = n.amount, version = n.version
FROM unnest($1::uuid[], $2::bigint[], $3::int[]) n(payment_id, amount, version)
WHERE w.payment_id = n.payment_id AND n.version > w.version
"""
_WAITING = """
SELECT w.account_id, w.order_id, w.currency, w.amount, coalesce(o.exposure, 0) AS exposure,
       coalesce(o.state = 'cancelled', FALSE) AS is_cancelled
FROM waiting_deposit w LEFT JOIN order_credit o USING (order_id)
WHERE w.account_id = ANY($1::uuid[]) AND w.is_waiting AND w.amount > 0
"""


async def put_waiting(tx: Tx, rows: Sequence[WaitingDeposit]) -> None:
    """Keep what payments that name an order have left, one row each, by their ids."""
    await insert_rows(tx, WaitingDeposit, rows, _PUT_WAITING)


async def lower_waiting(tx: Tx, left: Sequence[tuple[UUID, int, int]]) -> None:
    """Keep what is left of payments that went back (id, amount, version; one each); others name no order."""
    await tx.execute(_LOWER_WAITING, *map(list, zip(*left, strict=True)))


async def waiting(tx: Tx, account_ids: Sequence[UUID]) -> list[Waiting]:
    """Money of accounts that waits for orders, with how these stand; the accounts are locked."""
    return await tx.rows(Waiting, _WAITING, account_ids)
