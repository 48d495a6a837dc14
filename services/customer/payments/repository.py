"""SQL of payments. A payment is a dict of its columns plus `allocations` and `refunds` (lists of dicts)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.db.filters import Field
from kit.db.lists import ListSpec
from kit.db.rows import columns_of, dumps, insert_rows, update_row
from services.customer.payments.models import Payment, PaymentAllocation, PaymentRefund

Pair = tuple[str, str]

PAYMENTS = ListSpec(
    source="payment p JOIN account a ON a.id = p.account_id",
    fields={
        "id": Field("p.id", "uuid"),
        "version": Field("p.version", "int", filterable=False),
        "account_id": Field("p.account_id", "uuid"),
        "order_id": Field(
            "p.id",
            "uuid",
            match="EXISTS (SELECT 1 FROM payment_allocation l WHERE l.payment_id = p.id AND l.order_id = ANY({}))",
        ),
        "currency": Field("p.currency", "currency"),
        "base_currency": Field("p.base_currency", "currency", filterable=False),
        "amount": Field("p.amount", "int"),
        "refunded": Field("p.refunded", "int"),
        "received_on": Field("p.received_on", "date", sortable=True),
        "method": Field("p.method"),
        "external_source": Field("p.external_source", nullable=True),
        "external_id": Field("p.external_id", nullable=True),
        "created_at": Field("p.created_at", "datetime", sortable=True),
        "updated_at": Field("p.updated_at", "datetime", filterable=False),
    },
    default_sort="-created_at",
)
COLUMNS = tuple(Payment.model_fields)

_LOAD = f"""
SELECT {columns_of(Payment, "p")}, a.owner_id,
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


async def load_payment(tx: Tx, payment_id: UUID) -> dict[str, Any] | None:
    """A payment, with its account's owner."""
    row = await tx.fetchrow(_LOAD, payment_id)
    return None if row is None else {**row, **{n: orjson.loads(row[n]) for n in ("allocations", "refunds")}}


async def lock_payment(tx: Tx, payment_id: UUID) -> dict[str, Any] | None:
    """A payment, locked, as it is once the lock is held."""
    await tx.fetch("SELECT id FROM payment WHERE id = $1 FOR NO KEY UPDATE", payment_id)
    return await load_payment(tx, payment_id)


async def add_payments(tx: Tx, payments: Sequence[Mapping[str, Any]]) -> int:
    """Insert payments with allocations; returns how many went in (nothing else is written when not all did)."""
    rows = [{name: payment[name] for name in COLUMNS} for payment in payments]
    rows.sort(key=lambda row: (row["external_source"] or "", row["external_id"] or ""))
    added = await insert_rows(tx, Payment, rows, "ON CONFLICT (external_source, external_id) DO NOTHING")
    if added == len(rows):
        await insert_rows(tx, PaymentAllocation, [item for payment in payments for item in payment["allocations"]])
    return added


async def add_refund(
    tx: Tx, payment: Mapping[str, Any], refund: Mapping[str, Any], allocations: Sequence[Mapping[str, Any]]
) -> int:
    """Insert a refund of a locked payment and write what it takes from allocations; returns the new version."""
    await insert_rows(tx, PaymentRefund, [refund])
    if allocations:
        await tx.execute(_REFUND_ALLOCATIONS, dumps(allocations))
    changes = {"refunded": payment["refunded"] + refund["amount"], "updated_at": refund["created_at"]}
    return await update_row(tx, Payment, payment["id"], payment["version"], changes)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, Row]:
    """Payments (id, content_hash) of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.fetch(_BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row["external_source"], row["external_id"]): row for row in rows}
