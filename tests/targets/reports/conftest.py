"""Schedules of the world's units on a clock that the test sets, and what they write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from kit.due.loop import DueLoop
from services.targets.alerts.dues import JUDGINGS_DUE
from services.targets.reports.dues import REPORTS_DUE
from services.targets.targets.dues import CLOSINGS_DUE
from tests.targets.alerts.conftest import Days, days
from tests.targets.conftest import World

__all__ = ["days"]
PUBLISHED = "targets.report.published.v1"


@dataclass
class Desk:
    """Where schedules are made, time passes and reports are read."""

    world: World
    days: Days

    async def schedule(self, unit: str = "north", cadence: str = "daily", local_time: str = "06:00") -> str:
        """A schedule; its id."""
        body = {"unit_id": self.world.units[unit], "cadence": cadence, "local_time": local_time}
        answer = await self.world.service.post("/v1/report-schedules", body)
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["id"]
        return made

    async def target(self, unit: str | None = "team-a", **more: Any) -> str:
        """An active target of February."""
        body = {
            **{"name": "February", "period_start": "2026-02-01", "period_end": "2026-02-28", "amount": 1_600_000},
            **({} if unit is None else {"unit_id": self.world.units[unit]}),
            **more,
        }
        made = await self.world.service.post("/v1/targets", body)
        assert made.status_code == 201, made.text
        return await self.activate(made.json()["id"])

    async def activate(self, target_id: str) -> str:
        """Let a draft count."""
        answer = await self.world.service.post(f"/v1/targets/{target_id}/activate")
        assert answer.status_code == 200, answer.text
        return target_id

    async def sold(self, amount: int, day: str = "2026-02-10", by: str = "a1") -> None:
        """An order of a day."""
        world = self.world
        await world.service.deliver(world.confirmed(world.order({by: 1_000_000}, [amount], day)))

    async def turn(self, day: date, hour: int = 7) -> int:
        """Work what is due at an hour of a day."""
        self.days.on(day, hour)
        worked = await DueLoop(self.world.service.runtime, [CLOSINGS_DUE, JUDGINGS_DUE, REPORTS_DUE]).turn()
        assert await self.world.service.rows("SELECT name, error FROM due_failure") == []
        return worked

    async def reports(self, query: str = "?sort=period_start", headers: Any = None) -> list[dict[str, Any]]:
        """The list."""
        answer = await self.world.service.get(f"/v1/reports{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def body(self, report: dict[str, Any], headers: Any = None) -> dict[str, Any]:
        """What a report shows."""
        answer = await self.world.service.get(f"/v1/reports/{report['id']}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["body"]
        return found


@pytest.fixture
def desk(world: World, days: Days) -> Desk:
    days.on(date(2026, 2, 13), 9)
    return Desk(world, days)
