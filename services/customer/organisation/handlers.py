"""Events of the sales organisation -> leads of units, own days (projections: pure functions of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.calendar import OwnKind
from kit.db.database import Tx
from kit.events.handlers import Fact
from services.customer.events_in.targets import CalendarHeard, UnitHeard
from services.customer.organisation import repository
from services.customer.organisation.models import CalendarYear, OwnDay, UnitLead


def _version(one: UnitHeard | CalendarHeard) -> int:
    return one.version


async def project_unit(tx: Tx, facts: Sequence[Fact[UnitHeard]]) -> None:
    """Keep who leads each unit."""
    latest = {one.id: one for one in sorted((fact.data for fact in facts), key=_version)}
    rows = [UnitLead(id=one.id, lead_id=one.lead_id, version=one.version) for _, one in sorted(latest.items())]
    await repository.put_units(tx, rows)


async def project_calendar(tx: Tx, facts: Sequence[Fact[CalendarHeard]]) -> None:
    """Keep the own days of each year."""
    latest = {one.year: one for one in sorted((fact.data for fact in facts), key=_version)}
    rows = [
        CalendarYear(
            year=year,
            days=tuple(OwnDay(date=day.date, kind=OwnKind(day.kind)) for day in one.days),
            version=one.version,
        )
        for year, one in sorted(latest.items())
    ]
    await repository.put_years(tx, rows)
