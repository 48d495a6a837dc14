"""Cases of a company with two levels of leads, on a clock that stands where the test puts it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import derived_id
from kit.testing.service import ServiceHarness, make_event
from services.customer.cases.dues import CASES_DUE
from tests.customer.accounts.conftest import Days, days
from tests.customer.conftest import MANAGER, OTHER_REP, REP_2, UNITS, World

__all__ = ["BOSS", "Days", "Desk", "at", "days", "desk"]

BOSS = derived_id("member", "boss")
BREACHED = "customer.case.sla_breached.v1"


def at(text: str) -> datetime:
    """A moment of 2026 in Shanghai, `10-09 17:00`."""
    local = datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return local.astimezone(UTC)


def calendar(version: int, **days: str) -> Event:
    """Own days of 2026, by month and day (`d1009="off"`)."""
    listed = [{"date": f"2026-{name[1:3]}-{name[3:]}", "kind": kind} for name, kind in days.items()]
    payload = {"country": "CN", "year": 2026, "days": listed, "version": version}
    return make_event("targets.calendar.changed.v1", payload, "organisation", subject="2026", sequence=version)


class Desk:
    """The service, its clock, and shorthands for what most tests of cases do first."""

    def __init__(self, world: World, days: Days) -> None:
        self.world, self.service, self.days = world, world.service, days

    def on(self, text: str) -> None:
        """Put the clock."""
        self.days.moment = at(text)

    async def open(self, **fields: Any) -> dict[str, Any]:
        """A new case."""
        answer = await self.service.post("/v1/cases", {"kind": "question", "subject": "s", "severity": "low", **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def tell(self, case: dict[str, Any], verb: str, body: Any = None, **options: Any) -> httpx.Response:
        """A verb."""
        return await self.service.post(f"/v1/cases/{case['id']}/{verb}", body, **options)

    async def done(self, case: dict[str, Any], verb: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The case after a verb that must succeed."""
        answer = await self.tell(case, verb, body, **options)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def changed(self, case: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """The case after a change that must succeed."""
        path = f"/v1/cases/{case['id']}"
        version = (await self.service.get(path)).json()["version"]
        answer = await self.service.patch(path, fields, version)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, case: dict[str, Any]) -> dict[str, Any]:
        """The case as it stands."""
        found: dict[str, Any] = (await self.service.get(f"/v1/cases/{case['id']}")).json()
        return found

    async def investigating(self, **fields: Any) -> dict[str, Any]:
        """A complaint that is looked into."""
        case = await self.open(**{"kind": "complaint", **fields})
        await self.done(case, "acknowledge")
        body = {"complexity": "low", "impact": "high", "immediate_action": True}
        await self.done(case, "assess", {**body, "severity": case["severity"]})
        return await self.done(case, "investigate")

    async def turn(self) -> int:
        """Work what is due now; nothing may fail."""
        worked = await DueLoop(self.service.runtime, [CASES_DUE]).turn()
        assert await self.service.rows("SELECT * FROM due_failure") == []
        return worked

    async def breaches(self) -> list[tuple[str, int, str, str]]:
        """What was said to have run out: clock, attempt, when, when it was seen."""
        said = await self.service.published(BREACHED)
        return [tuple(e.payload[n] for n in ("clock", "attempt", "breached_at", "detected_at")) for e in said]


def clock_of(case: dict[str, Any], clock: str, attempt: int = 1) -> dict[str, Any]:
    """A clock of a case."""
    (found,) = (one for one in case["clocks"] if (one["clock"], one["attempt"]) == (clock, attempt))
    return dict(found)


def written(moment: datetime) -> str:
    """A moment as answers have it."""
    return moment.isoformat().replace("+00:00", "Z")


def unit(unit_id: UUID, path: list[UUID], lead: UUID | None, version: int = 1) -> Event:
    """A unit and who leads it."""
    payload = {"id": unit_id, "code": str(unit_id)[:8], "path": path, "lead_id": lead, "version": version}
    return make_event("targets.unit.changed.v1", payload, "organisation", subject=unit_id, sequence=version)


async def hear_units(service: ServiceHarness) -> None:
    """The team of rep-1 and rep-2 is led by rep-2, the north by its manager."""
    company, north, _south, team = UNITS
    await service.deliver(
        unit(company, [company], None),
        unit(north, [company, north], MANAGER),
        unit(team, [company, north, team], REP_2),
    )


@pytest.fixture
async def desk(world: World, days: Days) -> Desk:
    """Wednesday before the National Day, 17:00."""
    made = Desk(world, days)
    made.on("09-30 17:00")
    await hear_units(world.service)
    assert await world.service.parked() == []
    return made


SECOND = OTHER_REP
"""A member with no part in what rep-1 does."""
