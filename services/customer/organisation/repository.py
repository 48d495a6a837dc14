"""SQL of units' leads and own days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.organisation.models import CalendarYear, UnitLead

_LATER_UNIT: Final = (
    "ON CONFLICT (id) DO UPDATE SET lead_id = excluded.lead_id, version = excluded.version "
    "WHERE unit_lead.version < excluded.version"
)
_LATER_YEAR: Final = (
    "ON CONFLICT (year) DO UPDATE SET days = excluded.days, version = excluded.version "
    "WHERE calendar_year.version < excluded.version"
)
_YEARS: Final = select_sql(CalendarYear, "TRUE ORDER BY year")
# the units of the membership that holds on the day, or of the one that was left last, the nearest first; who has left
# leads nobody
_LEADS: Final = """
SELECT p.id AS member_id, u.lead_id FROM (
    SELECT DISTINCT ON (id) id, path FROM principal
    WHERE id = ANY($1::uuid[]) AND valid_from <= $2 ORDER BY id, valid_from DESC
) p CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS s (unit_id, place) JOIN unit_lead u ON u.id = s.unit_id
WHERE u.lead_id <> p.id
  AND NOT coalesce((
    SELECT bool_and(q.valid_to IS NOT NULL AND q.valid_to <= $2) FROM principal q WHERE q.id = u.lead_id), false)
ORDER BY p.id, s.place DESC
"""


_HOLD: Final = "SELECT pg_advisory_xact_lock{}(hashtext('company calendar'), 0)"


class Lead(NamedTuple):
    """Who leads a unit above a member."""

    member_id: UUID
    lead_id: UUID


async def put_units(tx: Tx, rows: Sequence[UnitLead]) -> None:
    """Insert or replace units by a later version; each id once, sorted."""
    await insert_rows(tx, UnitLead, rows, _LATER_UNIT)


async def put_years(tx: Tx, rows: Sequence[CalendarYear]) -> None:
    """Insert or replace years by a later version; each year once, sorted."""
    await insert_rows(tx, CalendarYear, rows, _LATER_YEAR)


async def list_years(tx: Tx) -> list[CalendarYear]:
    """All years with own days, the first one first."""
    return await tx.rows(CalendarYear, _YEARS)


async def leads_above(tx: Tx, member_ids: Collection[UUID], day: date) -> list[Lead]:
    """Leads of the units above members on a day who have not left by then, the nearest first; nobody leads
    themselves."""
    return await tx.rows(Lead, _LEADS, list(member_ids), day)


async def hold_calendar(tx: Tx) -> None:
    """Until the transaction ends nobody changes the calendar; any number may hold it."""
    await tx.execute(_HOLD.format("_shared"))


async def take_calendar(tx: Tx) -> None:
    """Until the transaction ends nobody holds the calendar."""
    await tx.execute(_HOLD.format(""))
