"""SQL of coupons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.channels.coupons.models import Coupon

_FIND = select_sql(Coupon, "digest = ANY($1::text[])")
_LOCK = select_sql(Coupon, "id = ANY($1::uuid[]) OR order_id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_BATCH = select_sql(Coupon, "batch_id = $1 AND number > $2 ORDER BY number LIMIT $3")
_SAVE = """
UPDATE coupon t SET order_id = r.order_id FROM json_to_recordset($1::json) AS r(id uuid, order_id uuid)
WHERE t.id = r.id
"""
_NEW = "ON CONFLICT (digest) DO NOTHING"


class Held(NamedTuple):
    """Which order has a coupon."""

    id: UUID
    order_id: UUID | None


async def add_coupons(tx: Tx, rows: Sequence[Coupon]) -> int:
    """Store coupons; returns how many were new: a code that another has is left out."""
    return await insert_rows(tx, Coupon, rows, _NEW)


async def find_coupons(tx: Tx, digests: Sequence[str]) -> list[Coupon]:
    """Coupons by their hashes."""
    return await tx.rows(Coupon, _FIND, digests)


async def lock_coupons(tx: Tx, ids: Sequence[UUID], order_ids: Sequence[UUID]) -> list[Coupon]:
    """Coupons by id, and those that orders have, locked in the order of their ids."""
    return await tx.rows(Coupon, _LOCK, ids, order_ids)


async def save_held(tx: Tx, held: Sequence[Held]) -> None:
    """Which orders have locked coupons."""
    if held:
        await tx.execute(_SAVE, dumps([one._asdict() for one in held]))


async def batch_of(tx: Tx, batch_id: UUID, after: int, limit: int) -> list[Coupon]:
    """Coupons of a batch by number."""
    return await tx.rows(Coupon, _BATCH, batch_id, after, limit)
