"""SQL of payments: whole payments, with their allocations and refunds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, update_row
from services.customer.payments.models import Payment, PaymentAllocation, PaymentColumns, PaymentRefund

Pair = tuple[str, str]

_LOAD = f"""
SELECT {columns_of(PaymentColumns, "p")}, a.owner_id,
  (SELECT coalesce(json_agg(l ORDER BY l.order_id), '[]') FROM
    (SELECT {columns_of(PaymentAllocation)} FROM payment_allocation WHERE payment_id = p.id) l)
    AS allocations,
  (SELECT coalesce(json_agg(f ORDER BY f.id), '[]') FROM
    (SELECT {columns_of(PaymentRefund)} FROM payment_refund WHERE payment_id = p.id) f) AS refunds
FROM payment p JOIN account a ON a.id = p.account_id WHERE p.id = $1
"""
_BY_EXTERNAL = (
    "SELECT p.external_source, p.external_id, p.id, p.content_hash "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN payment p ON p.external_source = k.source AND p.external_id = k.external_id"
)
_REFUND_ALLOCATIONS = (
    "UPDATE payment_allocation t SET refunded = r.refunded, refunded_base = r.refunded_base "
    "FROM json_populate_recordset(NULL::payment_allocation, $1::json) r "
    "WHERE t.payment_id = r.payment_id AND t.order_id = r.order_id"
)


class Known(NamedTuple):
    """A payment that was booked under an external id, and the hash of what was said of it."""

    source: str
    external_id: str
    id: UUID
    content_hash: str


async def load_payment(tx: Tx, payment_id: UUID) -> Payment | None:
    """A payment, with its account's owner."""
    return await tx.row(Payment, _LOAD, payment_id)


async def lock_payment(tx: Tx, payment_id: UUID) -> Payment | None:
    """A payment, locked, as it is once the lock is held."""
    await tx.fetch("SELECT id FROM payment WHERE id = $1 FOR NO KEY UPDATE", payment_id)
    return await load_payment(tx, payment_id)


async def add_payments(tx: Tx, payments: Sequence[Payment]) -> bool:
    """Insert payments with allocations; False when an external id was taken (the caller rolls back)."""
    ordered = sorted(payments, key=lambda payment: (payment.external_source or "", payment.external_id or ""))
    free = "ON CONFLICT (external_source, external_id) DO NOTHING"
    if await insert_rows(tx, PaymentColumns, ordered, free) != len(ordered):
        return False
    await insert_rows(tx, PaymentAllocation, [item for payment in payments for item in payment.allocations])
    return True


async def add_refund(tx: Tx, payment: Payment, refund: PaymentRefund, allocations: Sequence[PaymentAllocation]) -> None:
    """Insert a refund and write what it takes from the allocations of a payment, which carries its next version."""
    await insert_rows(tx, PaymentRefund, [refund])
    if allocations:
        await tx.execute(_REFUND_ALLOCATIONS, dumps(allocations))
    changes = {"refunded": payment.refunded, "updated_at": payment.updated_at}
    await update_row(tx, PaymentColumns, payment.id, payment.version - 1, changes)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, Known]:
    """Payments of (source, external id)."""
    if not pairs:
        return {}
    found = await tx.rows(Known, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(one.source, one.external_id): one for one in found}
