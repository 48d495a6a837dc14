"""SQL of activities."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.customer.activities.models import Activity

_NOT_OF = select_sql(
    Activity,
    "account_id = ANY($1::uuid[]) AND owner_id IS DISTINCT FROM $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE",
)
_BY_EXTERNAL = select_sql(
    Activity,
    "(external_source, external_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY id FOR NO KEY UPDATE",
)
_OF_LEAD = select_sql(Activity, "lead_id = $1 ORDER BY id FOR NO KEY UPDATE")


async def lock_by_external(tx: Tx, pairs: Collection[tuple[str, str]]) -> list[Activity]:
    """Activities of (source, external id), in order of id, locked until the transaction ends."""
    return await tx.rows(Activity, _BY_EXTERNAL, [one[0] for one in pairs], [one[1] for one in pairs])


async def lock_of_lead(tx: Tx, lead_id: UUID) -> list[Activity]:
    """The activities of a lead, in order of id, locked until the transaction ends."""
    return await tx.rows(Activity, _OF_LEAD, lead_id)


async def lock_not_of(tx: Tx, accounts: Collection[UUID], owner_id: UUID, limit: int) -> list[Activity]:
    """The first activities of accounts, by id, that are not an owner's, locked until the transaction ends."""
    return await tx.rows(Activity, _NOT_OF, list(accounts), owner_id, limit)
