"""Clocks of cases as rows and as a table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, one_of, text
from services.customer.db import Base
from services.customer.slas.enums import ClockKind
from services.customer.slas.rules import Clock

_TICK = timedelta(microseconds=1)


class CaseClock(FrozenRow):
    """A clock of a case; `attempt` counts from 1, each reopening begins another one of the resolution."""

    __tablename__ = "case_clock"

    id: Annotated[UUID, identifier(primary_key=True)]
    case_id: Annotated[UUID, identifier(nullable=False, foreign_key="service_case.id")]
    clock: Annotated[ClockKind, text(nullable=False)]
    attempt: Annotated[int, Field(nullable=False)]
    minutes: Annotated[int, Field(nullable=False)]
    started_at: Annotated[datetime, moment(nullable=False)]
    worked_us: Annotated[int, big_int(nullable=False)]
    runs_from: Annotated[datetime | None, moment(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    raise_at: Annotated[datetime | None, moment(nullable=True)] = None
    is_raised: Annotated[bool, Field(nullable=False)] = False
    stopped_at: Annotated[datetime | None, moment(nullable=True)] = None
    breached_at: Annotated[datetime | None, moment(nullable=True)] = None
    detected_at: Annotated[datetime | None, moment(nullable=True)] = None

    @property
    def time(self) -> Clock:
        """What the rules work on."""
        return Clock(
            minutes=self.minutes,
            started_at=self.started_at,
            worked=self.worked_us * _TICK,
            runs_from=self.runs_from,
            due_at=self.due_at,
            raise_at=self.raise_at,
            is_raised=self.is_raised,
            stopped_at=self.stopped_at,
            breached_at=self.breached_at,
            detected_at=self.detected_at,
        )

    def at(self, time: Clock) -> Self:
        """The row as the rules have it."""
        values = {name: getattr(time, name) for name in Clock.__dataclass_fields__ if name != "worked"}
        values["worked_us"] = time.worked // _TICK
        return self.model_copy(update=values)


def new_clock(row_id: UUID, case_id: UUID, clock: ClockKind, attempt: int, time: Clock) -> CaseClock:
    """A clock of a case as a row."""
    row = CaseClock(
        id=row_id,
        case_id=case_id,
        clock=clock,
        attempt=attempt,
        minutes=time.minutes,
        started_at=time.started_at,
        worked_us=0,
    )
    return row.at(time)


class CaseClockTable(CaseClock, Base, table=True):
    """Clocks of cases."""

    __table_args__ = (
        one_of("clock", ClockKind),
        sa.CheckConstraint("(breached_at IS NULL) = (detected_at IS NULL)", name="breach"),
        sa.UniqueConstraint("case_id", "clock", "attempt"),
    )
