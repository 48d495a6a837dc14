"""A target whose results follow a test, on a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.calendar import calendar_of
from kit.due.loop import DueLoop
from services.targets.alerts.dues import JUDGINGS_DUE
from services.targets.calendars.rules import working_days
from services.targets.targets.dues import CLOSINGS_DUE
from tests.targets.conftest import World

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = calendar_of("CN", "Asia/Shanghai", {})
BEFORE = date(2026, 1, 15)
ALERT = ("targets.alert.raised.v1", "targets.alert.cleared.v1")


class Days:
    """The company's clock, which stands where the test puts it; tokens go by the real one."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def on(self, day: date, hour: int = 1) -> None:
        self.moment = datetime.combine(day, time(hour), ZONE)


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    made = Days()
    monkeypatch.setattr("kit.testing.service.clock", SimpleNamespace(now=clock.now))
    monkeypatch.setattr(clock, "now", made)
    return made


@dataclass
class Judged:
    """Of 2026 what is left after January, in China: a million a working day. Nothing says of so long a period how
    probable it is that it is reached, so the pace alone counts."""

    world: World
    days: Days
    amount: int = 227_000_000
    first: date = date(2026, 2, 2)
    last: date = date(2026, 12, 31)
    brought: int = 0
    target: str = ""

    async def begin(self, **more: Any) -> None:
        """An active target of team-a."""
        body = {
            **{"name": "Spring", "period_start": str(self.first), "period_end": str(self.last)},
            **{"amount": self.amount, "unit_id": self.world.units["team-a"], **more},
        }
        service = self.world.service
        made = await service.post("/v1/targets", body)
        assert made.status_code == 201, made.text
        self.target = made.json()["id"]
        answer = await service.post(f"/v1/targets/{self.target}/activate")
        assert answer.status_code == 200, answer.text

    async def pace(self, figure: int, eve: date) -> None:
        """Let the target stand at this pace, in 1e-6, at the end of a day."""
        await self.bring(figure * working_days(CALENDAR, self.first, eve) - self.brought, eve)

    async def thrive(self) -> None:
        """Let it be ahead until the middle of March."""
        await self.bring(31_000_000, self.first)

    async def bring(self, amount: int, day: date) -> None:
        """Credit an amount on a day; a negative one is a return of an order before the period."""
        world = self.world
        order = world.order({"a1": 1_000_000}, [abs(amount)], str(day if amount > 0 else BEFORE))
        if amount:
            await world.service.deliver(world.confirmed(order))
        if amount < 0:
            await world.service.deliver(world.returned(order, {1: (0, -amount)}, str(day)))
        self.brought += amount

    async def turn(self) -> int:
        """Work what is due."""
        worked = await DueLoop(self.world.service.runtime, [CLOSINGS_DUE, JUDGINGS_DUE]).turn()
        assert await self.world.service.rows("SELECT name, error FROM due_failure") == []
        return worked

    async def said(self) -> list[tuple[str, str, str, int | None, str]]:
        """What was announced: raised or cleared, from, to, figure, on which day."""
        return [
            (
                event.type.split(".")[2],
                *(event.payload[name] for name in ("previous", "level", "figure", "business_date")),
            )
            for event in await self.world.service.published(*ALERT)
        ]

    async def alerts(self, headers: dict[str, str] | None = None, query: str = "") -> list[dict[str, Any]]:
        """The list."""
        answer = await self.world.service.get(f"/v1/alerts{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def judged(world: World, days: Days) -> Judged:
    days.on(date(2026, 2, 2), 9)
    made = Judged(world, days)
    await made.begin()
    return made
