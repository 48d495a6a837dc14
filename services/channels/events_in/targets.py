"""What channels hears of the sales organisation, of its calendar and of who is credited."""

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


class CreditedLineHeard(Heard):
    """What a member got of a line."""

    line_no: int
    member_id: UUID
    amount: int


class CreditedHeard(Heard):
    """Who is credited for an order or another result; `reason` names the conflict whose split decided."""

    order_id: UUID | None
    account_id: UUID | None
    kind: str
    posting_date: datetime.date
    lines: list[CreditedLineHeard]
    reason: str | None = None


HEARD: Mapping[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
    "targets.unit.changed.v1": UnitHeard,
    "targets.calendar.changed.v1": CalendarHeard,
    "targets.order.credited.v1": CreditedHeard,
    "targets.result.credited.v1": CreditedHeard,
}
