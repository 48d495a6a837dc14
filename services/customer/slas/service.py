"""Clocks of cases: how long they have, and what is done with them. Whoever calls has locked the case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.calendar import Calendar
from kit.clock import business_date
from kit.ids import new_id
from kit.work import Work
from services.customer.organisation import service as organisation
from services.customer.policies import service as policies
from services.customer.policies.bodies import SlaBody
from services.customer.policies.enums import Grade, PolicyKind
from services.customer.slas import repository
from services.customer.slas.enums import ClockKind, Severity
from services.customer.slas.models import CaseClock, new_clock
from services.customer.slas.rules import Clock, minutes_for, next_step, started, timed, wakes_at


class Clocks(NamedTuple):
    """All clocks of a case under the calendar of now."""

    calendar: Calendar
    rows: tuple[CaseClock, ...]

    def open(self, *kinds: ClockKind) -> list[CaseClock]:
        """Those of the kinds (all by default) that nothing has stopped."""
        return [row for row in self.rows if row.stopped_at is None and (not kinds or row.clock in kinds)]

    def each(self, rows: Collection[CaseClock], turn: Callable[[Clock], Clock]) -> Clocks:
        """The clocks, these rows turned."""
        ids = {row.id for row in rows}
        return self._replace(rows=tuple(row.at(turn(row.time)) if row.id in ids else row for row in self.rows))

    def wakes_at(self) -> datetime | None:
        """When time alone brings something about."""
        return wakes_at(row.time for row in self.rows)

    def earliest(self, now: datetime) -> CaseClock | None:
        """The clock whose next step was due first, of those that are due before `now`; None when none is."""
        due = [(step.at, row.clock, row) for row in self.rows if (step := next_step(row.time)) and step.at < now]
        return min(due, key=lambda one: one[:2])[2] if due else None


async def sla_on(work: Work, at: datetime) -> int:
    """The version of the policy that holds for what is received at a moment."""
    day = business_date(work.settings.timezone, at)
    return (await policies.policy_on(work, PolicyKind.SLA, day)).policy_version


async def sla_minutes(work: Work, sla_version: int, severity: Severity, grade: Grade | None) -> dict[ClockKind, int]:
    """Working minutes of each clock."""
    body = (await policies.policy_of(work, PolicyKind.SLA, sla_version)).body
    assert isinstance(body, SlaBody)
    times = getattr(body.times, severity)
    factor: int = getattr(body.grades, f"grade_{grade.lower()}" if grade else "none")
    return {kind: minutes_for(getattr(times, kind), factor) for kind in ClockKind}


def new_clocks(
    calendar: Calendar, case_id: UUID, minutes: dict[ClockKind, int], attempt: int, at: datetime
) -> tuple[CaseClock, ...]:
    """Clocks that run from a moment on."""
    return tuple(
        new_clock(new_id(), case_id, kind, attempt, started(calendar, count, at)) for kind, count in minutes.items()
    )


async def clocks_of(work: Work, case_ids: Collection[UUID]) -> dict[UUID, Clocks]:
    """Clocks of each case, the open ones under the calendar as it is now."""
    calendar = await organisation.company_calendar(work)
    found: dict[UUID, list[CaseClock]] = {case_id: [] for case_id in case_ids}
    for row in await repository.clocks_of(work.tx, case_ids):
        found[row.case_id].append(row.at(timed(calendar, row.time)))
    return {case_id: Clocks(calendar, tuple(rows)) for case_id, rows in found.items()}


async def save(work: Work, clocks: Sequence[Clocks]) -> None:
    """Write the clocks of cases."""
    await repository.put_clocks(work.tx, [row for one in clocks for row in one.rows])
