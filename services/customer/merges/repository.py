"""SQL of merges."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx

_BELOW = """
WITH RECURSIVE below AS (
  SELECT id FROM account WHERE merged_into = $1
  UNION SELECT a.id FROM account a JOIN below b ON a.merged_into = b.id
) SELECT id FROM below
"""
_LEAD = "UPDATE account SET root_id = $2 WHERE id = ANY($1::uuid[])"
_CHILDREN = """
SELECT (SELECT count(*) FROM orders WHERE account_id = $1) AS orders,
  (SELECT count(*) FROM payment WHERE account_id = $1) AS payments,
  (SELECT count(*) FROM contact WHERE account_id = $1) AS contacts,
  (SELECT count(*) FROM opportunity WHERE account_id = $1) AS opportunities,
  (SELECT count(*) FROM activity WHERE account_id = $1) AS activities,
  (SELECT count(*) FROM service_case WHERE account_id = $1) AS cases
"""


class Children(NamedTuple):
    """How many rows are filed under an account; they stay there."""

    orders: int
    payments: int
    contacts: int
    opportunities: int
    activities: int
    cases: int


async def take_turns(tx: Tx) -> None:
    """One merge or unmerge at a time, until the transaction ends: chains change only so."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('account_merge'), 0)")


async def below(tx: Tx, account_id: UUID) -> list[UUID]:
    """Accounts that were merged into this one, at whatever remove."""
    return [row["id"] for row in await tx.fetch(_BELOW, account_id)]


async def lead(tx: Tx, ids: Collection[UUID], root_id: UUID) -> None:
    """Let merged accounts, which the caller has locked, lead to this one: no change of theirs, so without a version."""
    if ids:
        await tx.execute(_LEAD, list(ids), root_id)


async def children_of(tx: Tx, account_id: UUID) -> Children:
    """What is filed under an account."""
    return Children(*(await tx.fetch(_CHILDREN, account_id))[0])
