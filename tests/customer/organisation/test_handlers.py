"""Leads of units and own days follow the facts of the sales organisation, and a rebuild gives the same rows."""

from __future__ import annotations

from datetime import date

from kit.calendar import DayKind
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.customer.organisation import service as organisation
from tests.customer.cases.conftest import BOSS, calendar, hear_units, unit
from tests.customer.conftest import MANAGER, REP_1, REP_2, UNITS, World, hear, logged


async def test_own_days_join_those_of_the_country(world: World) -> None:
    await world.service.deliver(calendar(1, d1009="off", d1011="working"))
    async with world.service.transaction() as tx:
        found = await organisation.company_calendar(world.service.work(tx))
    kinds = [found.kind(date(2026, 10, day)) for day in (8, 9, 10, 11)]
    assert kinds == [DayKind.WORKING, DayKind.OFF, DayKind.MAKE_UP, DayKind.MAKE_UP]


async def test_an_older_version_changes_nothing_whatever_the_batch(world: World) -> None:
    await world.service.deliver(calendar(2, d1009="off"), calendar(1, d1012="off"))
    await world.service.deliver(calendar(1, d1013="off"))
    company = UNITS[0]
    await world.service.deliver(unit(company, [company], MANAGER, 2), unit(company, [company], BOSS, 1))
    (year,) = await world.service.rows("SELECT year, version, days::text FROM calendar_year")
    assert (year["year"], year["version"], "2026-10-09" in year["days"]) == (2026, 2, True)
    (lead,) = await world.service.rows("SELECT lead_id, version FROM unit_lead")
    assert (lead["lead_id"], lead["version"]) == (MANAGER, 2)


async def test_leads_from_the_nearest_up(world: World) -> None:
    await hear_units(world.service)
    company = UNITS[0]
    await world.service.deliver(unit(company, [company], MANAGER, 2))
    async with world.service.transaction() as tx:
        found = await organisation.leads_of(world.service.work(tx), [REP_1, REP_2, MANAGER])
    assert found == {REP_1: [REP_2, MANAGER], REP_2: [MANAGER]}, "nobody twice, nobody over themselves"


async def test_rebuilt_rows_are_equal(service: ServiceHarness) -> None:
    company = UNITS[0]
    async with logged(service):
        await hear(service, unit(company, [company], BOSS), calendar(1, d1009="off"))
        await hear(service, unit(company, [company], MANAGER, 2), calendar(2, d1012="off"))
        for name in organisation.PROJECTIONS:
            report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, name)
            assert report.equal, report.as_dict()
            assert report.tables[0].live_rows == 1
