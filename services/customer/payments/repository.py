"""SQL of payments: whole payments, with their allocations and refunds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows, update_rows
from services.customer.accounts.lists import SEEN_BY
from services.customer.payments.models import Payment, PaymentAllocation, PaymentColumns, PaymentRefund

Pair = tuple[str, str]

_LOAD = f"""
SELECT {columns_of(PaymentColumns, "p")}, a.owner_id, {SEEN_BY} AS seen_by,
  (SELECT coalesce(json_agg(l ORDER BY l.order_id), '[]') FROM
    (SELECT {columns_of(PaymentAllocation)} FROM payment_allocation WHERE payment_id = p.id) l)
    AS allocations,
  (SELECT coalesce(json_agg(f ORDER BY f.id), '[]') FROM
    (SELECT {columns_of(PaymentRefund)} FROM payment_refund WHERE payment_id = p.id) f) AS refunds
FROM payment p JOIN account a ON a.id = p.account_id WHERE p.id = ANY($1::uuid[]) ORDER BY p.id
"""
_LOCK = "SELECT id FROM payment WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_WAITING = "SELECT id, for_order_id FROM payment WHERE for_order_id = ANY($1::uuid[]) AND is_waiting"
_BY_EXTERNAL = (
    "SELECT p.external_source, p.external_id, p.id, p.content_hash "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN payment p ON p.external_source = k.source AND p.external_id = k.external_id"
)
_FORMER = (
    f"SELECT p.former_external_source, p.former_external_id, p.content_hash, p.id, {SEEN_BY} AS owner_id "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN payment p ON p.former_external_source = k.source AND p.former_external_id = k.external_id "
    "JOIN account a ON a.id = p.account_id ORDER BY p.id"
)
_REPLACE_ALLOCATIONS = "ON CONFLICT (payment_id, order_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in PaymentAllocation.model_fields if name not in ("payment_id", "order_id")
)
_UNPAID = """
SELECT o.id FROM orders o LEFT JOIN (
  SELECT order_id, sum(amount - refunded) AS paid FROM payment_allocation GROUP BY order_id
) l ON l.order_id = o.id WHERE o.paid <> coalesce(l.paid, 0)
UNION ALL
SELECT p.id FROM payment p JOIN payment_allocation l ON l.payment_id = p.id
WHERE p.voided_on IS NOT NULL AND l.amount <> l.refunded
UNION ALL
SELECT p.id FROM payment p LEFT JOIN payment_allocation l ON l.payment_id = p.id
GROUP BY p.id HAVING p.amount < p.refunded + coalesce(sum(l.amount - l.refunded), 0)
"""


class Known(NamedTuple):
    """A payment that was booked under an external id, and the hash of what was said of it."""

    source: str
    external_id: str
    id: UUID
    content_hash: str


class Former(NamedTuple):
    """A voided payment by the external id that it had, what was said of it, and who may know of it."""

    source: str
    external_id: str
    content_hash: str
    id: UUID
    owner_id: UUID | None


class Waiting(NamedTuple):
    """A payment that waits for an order."""

    id: UUID
    order_id: UUID


async def load_payment(tx: Tx, payment_id: UUID) -> Payment | None:
    """A payment, with its account's owner."""
    return await tx.row(Payment, _LOAD, [payment_id])


async def lock_payments(tx: Tx, payment_ids: Collection[UUID]) -> list[Payment]:
    """Payments, locked in the order of their ids, as they are once the locks are held."""
    ids = list(payment_ids)
    await tx.fetch(_LOCK, ids)
    return await tx.rows(Payment, _LOAD, ids)


async def find_waiting(tx: Tx, order_ids: Collection[UUID]) -> list[Waiting]:
    """Payments that wait for these orders."""
    return await tx.rows(Waiting, _WAITING, list(order_ids))


async def add_payments(tx: Tx, payments: Sequence[Payment]) -> bool:
    """Insert payments with allocations; False when an external id was taken (the caller rolls back)."""
    ordered = sorted(payments, key=lambda payment: (payment.external_source or "", payment.external_id or ""))
    free = "ON CONFLICT (external_source, external_id) DO NOTHING"
    if await insert_rows(tx, PaymentColumns, ordered, free) != len(ordered):
        return False
    await insert_rows(tx, PaymentAllocation, [item for payment in payments for item in payment.allocations])
    return True


async def save_payments(tx: Tx, payments: Sequence[Payment], refunds: Sequence[PaymentRefund] = ()) -> None:
    """Write locked payments that carry their next version, with their allocations, and new refunds of them."""
    await update_rows(tx, PaymentColumns, payments)
    parts = [part for payment in payments for part in payment.allocations]
    await insert_rows(tx, PaymentAllocation, parts, _REPLACE_ALLOCATIONS)
    await insert_rows(tx, PaymentRefund, refunds)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, Known]:
    """Payments of (source, external id)."""
    if not pairs:
        return {}
    found = await tx.rows(Known, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(one.source, one.external_id): one for one in found}


async def find_former(tx: Tx, pairs: Collection[Pair]) -> Sequence[Former]:
    """Voided payments that had these external ids, the oldest first."""
    if not pairs:
        return []
    return await tx.rows(Former, _FORMER, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


async def off_balance(tx: Tx) -> list[UUID]:
    """Orders that are not paid what payments say, and payments that hold less than they pay."""
    return await tx.column(UUID, _UNPAID)
