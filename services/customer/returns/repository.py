"""SQL of returns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.customer.returns.models import OrderReturn

Pair = tuple[str, str]

_BY_EXTERNAL = (
    "SELECT r.external_source, r.external_id, r.id, r.order_id, r.content_hash "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN order_return r ON r.external_source = k.source AND r.external_id = k.external_id"
)


class Known(NamedTuple):
    """A return that came under an external id, and the hash of what was said of it."""

    source: str
    external_id: str
    id: UUID
    order_id: UUID
    content_hash: str


async def add_returns(tx: Tx, rows: Sequence[OrderReturn]) -> bool:
    """Insert returns; False when an external id was taken (the caller rolls back)."""
    ordered = sorted(rows, key=lambda row: (row.external_source or "", row.external_id or ""))
    free = "ON CONFLICT (external_source, external_id) DO NOTHING"
    return await insert_rows(tx, OrderReturn, ordered, free) == len(ordered)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, Known]:
    """Returns of (source, external id)."""
    if not pairs:
        return {}
    found = await tx.rows(Known, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(one.source, one.external_id): one for one in found}
