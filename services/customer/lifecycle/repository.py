"""SQL of the lifecycle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.customer.lifecycle.models import Lifecycle, StageEntry

_TAKE = """
INSERT INTO account_lifecycle (id, stage, since)
SELECT id, 'potential', least((created_at AT TIME ZONE $2)::date, $3) FROM account
WHERE id = ANY($1::uuid[]) ORDER BY id
ON CONFLICT (id) DO NOTHING
"""
_LOCK = select_sql(Lifecycle, "id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
_LOCK_ACCOUNTS = """
SELECT id, stream_key, owner_id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_BOUGHT = """
SELECT d.account_id,
  coalesce(array_agg(d.order_date ORDER BY d.order_date) FILTER (WHERE d.net > 0), '{}') AS kept,
  coalesce(array_agg(d.order_date ORDER BY d.order_date) FILTER (WHERE d.net > 0 OR d.back = 0), '{}') AS ordered
FROM (
  SELECT o.account_id, o.order_date, sum(o.net_base + coalesce(b.net, 0)) AS net, coalesce(sum(b.net), 0) AS back
  FROM orders o
  LEFT JOIN LATERAL (SELECT sum(r.net_base) AS net FROM order_return r WHERE r.order_id = o.id) b ON true
  WHERE o.account_id = ANY($1::uuid[]) AND o.state IN ('confirmed', 'fulfilled', 'closed')
  GROUP BY o.account_id, o.order_date
) d GROUP BY d.account_id
"""
_SAVED = tuple(name for name in Lifecycle.model_fields if name != "id")
_SAVE = f"""
UPDATE account_lifecycle t SET {", ".join(f"{name} = r.{name}" for name in _SAVED)}
FROM json_populate_recordset(NULL::account_lifecycle, $1::json) r WHERE t.id = r.id
"""
_PUT = """
UPDATE account a SET lifecycle_stage = l.stage FROM account_lifecycle l
WHERE l.id = a.id AND a.id = ANY($1::uuid[]) AND a.lifecycle_stage <> l.stage
"""
_HISTORY = select_sql(StageEntry, "account_id = $1 ORDER BY position")


class Told(NamedTuple):
    """What an event says of an account."""

    id: UUID
    stream_key: UUID
    owner_id: UUID | None


class Bought(NamedTuple):
    """The days, rising, on which an account bought something that it kept, and on which it ordered and not everything
    came back, if only what costs nothing."""

    account_id: UUID
    kept: list[date]
    ordered: list[date]


async def take(tx: Tx, ids: Collection[UUID], timezone: str, today: date) -> list[Lifecycle]:
    """Where accounts stand, locked; one that nobody has looked at is potential since it was added."""
    await tx.execute(_TAKE, list(ids), timezone, today)
    return await tx.rows(Lifecycle, _LOCK, list(ids))


async def lock_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Accounts that are told of, locked: their owner stays until that is written."""
    return {one.id: one for one in await tx.rows(Told, _LOCK_ACCOUNTS, list(ids))}


async def bought(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Bought]:
    """Days on which accounts bought, without those of which everything came back."""
    return {one.account_id: one for one in await tx.rows(Bought, _BOUGHT, list(ids))}


async def save(tx: Tx, rows: Sequence[Lifecycle], entries: Sequence[StageEntry], moved: Collection[UUID]) -> None:
    """Write where accounts stand and what they entered; an account shows its stage, which is no change of it."""
    await tx.execute(_SAVE, dumps(rows))
    if entries:
        await insert_rows(tx, StageEntry, entries)
        await tx.execute(_PUT, list(moved))


async def drop_marks(tx: Tx, ids: Collection[UUID]) -> None:
    """Take marks off the list."""
    await tx.execute("DELETE FROM lifecycle_mark WHERE id = ANY($1::uuid[])", list(ids))


async def find(tx: Tx, account_id: UUID) -> Lifecycle | None:
    """Where an account stands; None when nobody has looked at it."""
    return await tx.row(Lifecycle, select_sql(Lifecycle, "id = $1"), account_id)


async def history(tx: Tx, account_id: UUID) -> Sequence[StageEntry]:
    """The stages that an account entered, in order."""
    return await tx.rows(StageEntry, _HISTORY, account_id)
