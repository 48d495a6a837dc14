"""SQL of promotions and of the counter of rules."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.promotions.models import Promotion

_STANDING = select_sql(Promotion, "state NOT IN ('draft', 'ended') ORDER BY code")
_RAISE = """
INSERT INTO rule_set (id, counter, stamp) VALUES (1, 1, gen_random_uuid())
ON CONFLICT (id) DO UPDATE SET counter = rule_set.counter + 1, stamp = excluded.stamp
"""


async def standing(tx: Tx) -> list[Promotion]:
    """Promotions that are approved and have not ended, by code."""
    return await tx.rows(Promotion, _STANDING)


async def raise_counter(tx: Tx) -> None:
    """Say that rules change with this transaction; the last lock that it takes."""
    await tx.execute(_RAISE)


async def stamp(tx: Tx) -> UUID | None:
    """Of the rules as they stand; None: there never were any."""
    found: UUID | None = await tx.fetchval("SELECT stamp FROM rule_set WHERE id = 1")
    return found
