"""Members of the organisation. The constant key of the units."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published
from services.targets.events_out.units import ORGANISATION_KEY, UNIT


class Membership(Part):
    """Where a member belongs from `valid_from` until before `valid_to` (None: open), in which role and with how much of
    the time in 1e-6."""

    unit_id: UUID
    path: list[UUID]
    valid_from: date
    valid_to: date | None
    role: str | None = None
    capacity: int | None = None


class MemberSnapshot(Part):
    """A member with all memberships, oldest first; `subject` is the token subject, `role` that of the newest one, also
    of one to come."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"

    id: UUID
    code: str
    subject: str | None
    role: str
    memberships: list[Membership]
    version: int
    changed: list[str]


MEMBER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000a1",
    "code": "rep-01",
    "subject": "rep-01",
    "role": "sales_rep",
    "memberships": [
        {
            "unit_id": UNIT["id"],
            "path": UNIT["path"],
            "valid_from": "2026-01-01",
            "valid_to": None,
            "role": "sales_rep",
            "capacity": 1_000_000,
        },
    ],
    "version": 1,
    "changed": [],
}


class MemberJoined(Published, MemberSnapshot):
    """A member joined a unit."""

    TYPE: ClassVar[str] = "targets.member.joined.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = MEMBER


class MemberMoved(Published, MemberSnapshot):
    """A member belongs to another unit, or has another role, from a date on, or one was corrected."""

    TYPE: ClassVar[str] = "targets.member.moved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**MEMBER, "version": 2, "changed": ["memberships"]}


class MemberLeft(Published, MemberSnapshot):
    """A member left; the last membership has an end."""

    TYPE: ClassVar[str] = "targets.member.left.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**MEMBER, "version": 3, "changed": ["memberships"]}


PUBLISHED: tuple[type[Published], ...] = (
    MemberJoined,
    MemberMoved,
    MemberLeft,
)
AGREED: tuple[type[Published], ...] = ()
