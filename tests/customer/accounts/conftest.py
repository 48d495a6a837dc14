"""The company's clock where a test puts it, and what becomes due then."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.customer.accounts.dues import TYPES_DUE


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
    """Work what is due now; returns how many rows that were. Nothing may fail."""
    worked = await DueLoop(service.runtime, [TYPES_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked
