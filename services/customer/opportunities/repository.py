"""SQL of opportunities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, select_sql
from services.customer.opportunities.models import Opportunity, OpportunityStep

Pair = tuple[str, str]
"""Source and id there."""

_BY_EXTERNAL = (
    "SELECT o.external_source, o.external_id, o.id FROM unnest($1::text[], $2::text[]) "
    "AS k(external_source, external_id) JOIN opportunity o USING (external_source, external_id)"
)
_OPEN_OF = "account_id = ANY($1::uuid[]) AND owner_id IS NOT DISTINCT FROM $2 AND state = 'open'"
_NOT_OF = select_sql(
    Opportunity,
    "account_id = ANY($1::uuid[]) AND owner_id IS DISTINCT FROM $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE",
)
_COLUMNS = ", ".join(name for name in OpportunityStep.model_fields if name != "seq")
_ADD_STEPS = f"""
INSERT INTO opportunity_step (seq, {_COLUMNS})
SELECT
  (SELECT coalesce(max(s.seq), 0) + 1 FROM opportunity_step s WHERE s.opportunity_id = r.opportunity_id), {_COLUMNS}
FROM json_populate_recordset(NULL::opportunity_step, $1::json) r
"""


class Named(NamedTuple):
    """An opportunity by its id in another system."""

    source: str
    external_id: str
    id: UUID


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Opportunity ids of (source, external id), whoever owns them."""
    if not pairs:
        return {}
    rows = await tx.rows(Named, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row.source, row.external_id): row.id for row in rows}


async def load_opportunities(tx: Tx, ids: Collection[UUID]) -> list[Opportunity]:
    """Opportunities by id."""
    return await tx.rows(Opportunity, select_sql(Opportunity, "id = ANY($1::uuid[])"), list(ids)) if ids else []


async def lock_opportunities(tx: Tx, ids: Collection[UUID]) -> list[Opportunity]:
    """Opportunities by id, in its order, locked until the transaction ends."""
    sql = select_sql(Opportunity, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
    return await tx.rows(Opportunity, sql, list(ids)) if ids else []


async def lock_open_of(tx: Tx, account_ids: Collection[UUID], owner_id: UUID | None) -> list[Opportunity]:
    """What somebody (None: nobody) has open at these accounts, by id, locked until the transaction ends."""
    sql = select_sql(Opportunity, f"{_OPEN_OF} ORDER BY id FOR NO KEY UPDATE")
    return await tx.rows(Opportunity, sql, list(account_ids), owner_id) if account_ids else []


async def count_open_of(tx: Tx, account_ids: Collection[UUID], owner_id: UUID) -> int:
    """How many opportunities somebody has open at these accounts."""
    sql = f"SELECT count(*) FROM opportunity WHERE {_OPEN_OF}"
    return int(await tx.fetchval(sql, list(account_ids), owner_id))


async def lock_not_of(tx: Tx, accounts: Collection[UUID], owner_id: UUID, limit: int) -> list[Opportunity]:
    """The first opportunities of accounts, by id, that are not an owner's, locked until the transaction ends."""
    return await tx.rows(Opportunity, _NOT_OF, list(accounts), owner_id, limit)


async def add_steps(tx: Tx, steps: Sequence[OpportunityStep]) -> None:
    """Add the next step of each of these opportunities, whose rows are locked or new; each has one. `seq` is given
    here."""
    if steps:
        await tx.execute(_ADD_STEPS, dumps(steps))
