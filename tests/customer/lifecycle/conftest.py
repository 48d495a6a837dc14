"""The company's clock where a test puts it, and accounts looked at then."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.customer.lifecycle.dues import LIFECYCLE_DUE, MARKS_DUE

CHANGED = "customer.lifecycle.changed.v1"


class Days:
    """The company's clock, which stands where the test puts it; tokens go by the real one."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def on(self, day: date, hour: int = 12) -> None:
        """Some hours into a business day."""
        self.moment = datetime.combine(day, time(hour), ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    made = Days()
    monkeypatch.setattr("kit.testing.service.clock", SimpleNamespace(now=clock.now))
    monkeypatch.setattr(clock, "now", made)
    return made


async def turn(service: ServiceHarness) -> int:
    """Work what is due now of the lifecycle; nothing may fail."""
    worked = 0
    while done := await DueLoop(service.runtime, [MARKS_DUE, LIFECYCLE_DUE]).turn():
        worked += done
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


async def lifecycle(service: ServiceHarness, account: dict[str, Any]) -> dict[str, Any]:
    answer = await service.get(f"/v1/accounts/{account['id']}/lifecycle")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(service: ServiceHarness) -> list[tuple[str, str, str]]:
    """Stages that were announced: from, to, since."""
    said = [event.payload for event in await service.published(CHANGED)]
    return [(one["from_stage"], one["to_stage"], one["business_date"]) for one in said]
