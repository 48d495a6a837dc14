"""SQL of the directories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.directories.models import PartnerEntry, ProductEntry

_LATER_PARTNER = (
    "ON CONFLICT (id) DO UPDATE SET code = excluded.code, state = excluded.state, version = excluded.version "
    "WHERE partner_directory.version < excluded.version"
)
_LATER_PRODUCT = (
    "ON CONFLICT (sku) DO UPDATE SET product_id = excluded.product_id, product_line = excluded.product_line, "
    "is_active = excluded.is_active, version = excluded.version, costs = excluded.costs "
    "WHERE product_directory.product_id <> excluded.product_id OR product_directory.version < excluded.version"
)


async def put_partners(tx: Tx, rows: Sequence[PartnerEntry]) -> None:
    """Insert or replace partners by a later version; each id once, sorted."""
    await insert_rows(tx, PartnerEntry, rows, _LATER_PARTNER)


async def put_products(tx: Tx, rows: Sequence[ProductEntry]) -> None:
    """Insert or replace products by a later version; each sku once, sorted."""
    await insert_rows(tx, ProductEntry, rows, _LATER_PRODUCT)


async def load_partners(tx: Tx, ids: Collection[UUID]) -> list[PartnerEntry]:
    """Partners by id; unknown ids are missing."""
    return await tx.rows(PartnerEntry, select_sql(PartnerEntry, "id = ANY($1::uuid[])"), list(ids))


class Known(NamedTuple):
    """A member of the sales organisation, who may have left it."""

    id: UUID
    has_left: bool


_KNOWN = """
SELECT DISTINCT ON (id) id, coalesce(valid_to <= $2, false) AS has_left
FROM principal WHERE id = ANY($1::uuid[]) ORDER BY id, valid_from DESC
"""


async def known_sellers(tx: Tx, ids: Collection[UUID], today: date) -> list[Known]:
    """Which of the ids are members of the sales organisation, and who of them has left by a day."""
    return await tx.rows(Known, _KNOWN, list(ids), today)


async def seller_of_subject(tx: Tx, subject: str) -> UUID | None:
    """The member who logs in as `subject`."""
    found = await tx.fetchval("SELECT id FROM principal WHERE subject = $1 ORDER BY valid_from DESC LIMIT 1", subject)
    return None if found is None else UUID(str(found))
