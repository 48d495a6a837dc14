"""Own days of the company count in every deadline of working days, in whatever order they are heard."""

from __future__ import annotations

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.targets.events_out.calendars import CalendarChanged
from tests.channels.conftest import Days
from tests.channels.deals.claimed import registered


def said(version: int, *days: tuple[str, str]) -> Event:
    """All own days of 2026, as the sales organisation says them."""
    own = [{"date": day, "kind": kind} for day, kind in days]
    key = new_id()
    payload = {**CalendarChanged.EXAMPLE, "days": own, "version": version}
    return make_event(CalendarChanged.TYPE, payload, key, subject="2026")


async def due(service: ServiceHarness) -> str:
    """Until when a claim of today is reviewed."""
    found: str = (await registered(service))["review_due_on"]
    return found


async def test_two_working_days_by_the_calendar_with_own_days(service: ServiceHarness, days: Days) -> None:
    """2 after Thu 2026-02-12 is Sat 02-14, a make-up day; where the company is off that day it is Tue 02-24."""
    days.on("2026-02-12")
    assert await due(service) == "2026-02-14"
    await service.deliver(said(2, ("2026-02-14", "off")))
    assert await due(service) == "2026-02-24"
    await service.deliver(said(1, ("2026-02-13", "off")))
    assert await due(service) == "2026-02-24", "an older word changes nothing"
    await service.deliver(said(3))
    assert await due(service) == "2026-02-14"
