"""SQL of the directory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.directory.models import AccountIdentity, CalendarYear, PartnerHold

_LATER_IDENTITY = """
ON CONFLICT (id) DO UPDATE SET
    name_key = excluded.name_key, country = excluded.country, tax_id_hash = excluded.tax_id_hash,
    domain_hash = excluded.domain_hash, is_archived = excluded.is_archived, version = excluded.version
WHERE account_identity.version < excluded.version
"""
_LATER_HOLD = """
ON CONFLICT (partner_id) DO UPDATE SET hold_reasons = excluded.hold_reasons, version = excluded.version
WHERE partner_hold.version < excluded.version
"""
_LATER_YEAR = """
ON CONFLICT (year) DO UPDATE SET days = excluded.days, version = excluded.version
WHERE calendar_year.version < excluded.version
"""
_YEARS = select_sql(CalendarYear, "TRUE ORDER BY year")
_MEMBERS = """
SELECT id, bool_and(valid_to IS NOT NULL AND valid_to <= $2) AS has_left
FROM principal WHERE id = ANY($1::uuid[]) GROUP BY id
"""
_ON_HOLD = "SELECT cardinality(hold_reasons) > 0 FROM partner_hold WHERE partner_id = $1"


async def is_on_hold(tx: Tx, partner_id: UUID) -> bool:
    """Whether a reason stands for which a partner is on hold."""
    return bool(await tx.fetchval(_ON_HOLD, partner_id))


class Known(NamedTuple):
    """A member of the sales organisation, who may have left it."""

    id: UUID
    has_left: bool


async def known_members(tx: Tx, ids: Collection[UUID], day: date) -> list[Known]:
    """Which of these are members, and who of them has left by a day."""
    return await tx.rows(Known, _MEMBERS, list(ids), day)


async def put_identities(tx: Tx, rows: Sequence[AccountIdentity]) -> None:
    """Insert or replace identities (each once) by a later version."""
    await insert_rows(tx, AccountIdentity, rows, _LATER_IDENTITY)


async def put_holds(tx: Tx, rows: Sequence[PartnerHold]) -> None:
    """Insert or replace what holds partners (each once) by a later version."""
    await insert_rows(tx, PartnerHold, rows, _LATER_HOLD)


async def put_years(tx: Tx, rows: Sequence[CalendarYear]) -> None:
    """Insert or replace years (each once) by a later version."""
    await insert_rows(tx, CalendarYear, rows, _LATER_YEAR)


async def list_years(tx: Tx) -> list[CalendarYear]:
    """All years with own days, the first one first."""
    return await tx.rows(CalendarYear, _YEARS)
