"""What risk hears of the sales organisation, its calendar, targets and how far they are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from kit.events.contract import Heard


class MembershipHeard(Heard):
    """Units of a member from the root down, for a time."""

    path: list[UUID]
    valid_from: datetime.date
    valid_to: datetime.date | None


class MemberHeard(Heard):
    """A member with all memberships."""

    id: UUID
    code: str
    subject: str | None
    memberships: list[MembershipHeard]


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


class TargetHeard(Heard):
    """A target: the baseline of shortfalls, and what risks are linked to."""

    id: UUID
    root_id: UUID
    name: str
    metric: str
    state: str
    currency: str
    amount: int
    period_start: datetime.date
    period_end: datetime.date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    version: int
    owner_id: UUID | None = None
    amount_unit: str | None = None


class TargetDecomposedHeard(Heard):
    """A target was split."""

    id: UUID
    target_id: UUID
    root_id: UUID
    dimension: str


class AttainmentHeard(Heard):
    """A target's value; rates in millionths, None where the data is too thin."""

    target_id: UUID
    metric: str
    amount: int
    value: int
    percent: int | None
    pace: int | None
    p_hit: int | None
    as_of: datetime.date


class TargetAlertHeard(Heard):
    """A target that falls behind, or no more."""

    id: UUID
    target_id: UUID
    level: str
    figure: int | None
    threshold: int
    business_date: datetime.date


HEARD: Mapping[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
    "targets.unit.changed.v1": UnitHeard,
    "targets.calendar.changed.v1": CalendarHeard,
    "targets.target.activated.v1": TargetHeard,
    "targets.target.proposed.v1": TargetHeard,
    "targets.target.approved.v1": TargetHeard,
    "targets.target.adjusted.v1": TargetHeard,
    "targets.target.closed.v1": TargetHeard,
    "targets.target.decomposed.v1": TargetDecomposedHeard,
    "targets.attainment.updated.v1": AttainmentHeard,
    "targets.alert.raised.v1": TargetAlertHeard,
    "targets.alert.cleared.v1": TargetAlertHeard,
}
