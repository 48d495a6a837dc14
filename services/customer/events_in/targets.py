"""What customer hears of the sales organisation and of its calendar."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kit.events.contract import Heard


class MembershipHeard(Heard):
    """Units from the root down, for a time."""

    path: list[UUID]
    valid_from: datetime.date
    valid_to: datetime.date | None = None


class MemberHeard(Heard):
    """targets.member.joined|moved|left.v1"""

    id: UUID
    code: str
    subject: str | None = None
    memberships: Annotated[list[MembershipHeard], Field(min_length=1)]


class UnitHeard(Heard):
    """A unit from the root down, and the member who leads it."""

    id: UUID
    code: str
    path: list[UUID]
    lead_id: UUID | None = None
    version: int


class OwnDayHeard(Heard):
    """A day that is off, or worked, whatever the calendar of the country says."""

    date: datetime.date
    kind: Literal["off", "working"]


class CalendarHeard(Heard):
    """All own days of a year."""

    country: str | None
    year: int
    days: list[OwnDayHeard]
    version: int


HEARD: Mapping[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
    "targets.unit.changed.v1": UnitHeard,
    "targets.calendar.changed.v1": CalendarHeard,
}
