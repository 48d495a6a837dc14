"""SQL of returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kit.db.database import Row, Tx
from kit.db.filters import Field
from kit.db.lists import ListSpec
from kit.db.rows import insert_rows
from services.customer.returns.models import OrderReturn

Pair = tuple[str, str]

RETURNS = ListSpec(
    source="order_return r",
    fields={
        "id": Field("r.id", "uuid"),
        "order_id": Field("r.order_id", "uuid", filterable=False),
        "return_date": Field("r.return_date", "date"),
        "currency": Field("r.currency", "currency", filterable=False),
        "base_currency": Field("r.base_currency", "currency", filterable=False),
        **{name: Field(f"r.{name}", "int") for name in ("net", "tax", "gross", "net_base", "tax_base", "gross_base")},
        "lines": Field("r.lines", "json"),
        "external_source": Field("r.external_source", nullable=True),
        "external_id": Field("r.external_id", nullable=True),
        "created_at": Field("r.created_at", "datetime"),
    },
)
OF_ORDERS = "EXISTS (SELECT FROM orders o WHERE o.id = r.order_id AND {})"
_BY_EXTERNAL = (
    "SELECT r.external_source, r.external_id, r.id, r.order_id, r.content_hash "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN order_return r ON r.external_source = k.source AND r.external_id = k.external_id"
)


async def add_returns(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert returns; returns how many went in (the others' external ids are taken)."""
    ordered = sorted(rows, key=lambda row: (row["external_source"] or "", row["external_id"] or ""))
    return await insert_rows(tx, OrderReturn, ordered, "ON CONFLICT (external_source, external_id) DO NOTHING")


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, Row]:
    """Returns (id, order_id, content_hash) of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.fetch(_BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row["external_source"], row["external_id"]): row for row in rows}
