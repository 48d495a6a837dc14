"""Events of others -> cases."""

from __future__ import annotations

from collections.abc import Sequence

from kit import clock
from kit.events.handlers import Fact
from kit.work import Work
from services.customer.cases import repository
from services.customer.events_in.targets import CalendarHeard
from services.customer.organisation import service as organisation


async def on_calendar_changed(work: Work, _facts: Sequence[Fact[CalendarHeard]]) -> None:
    """Another calendar: the worker looks at every case with an open clock, and moves it."""
    await organisation.take_calendar(work)
    await repository.wake_all(work.tx, clock.now())
