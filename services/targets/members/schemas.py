"""Bodies of the member resource."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from kit.money import SHARE_WHOLE
from kit.web.batch import BatchBody
from kit.web.schema import BusinessDate, Code, PositiveShare, Schema
from services.targets.members.enums import MemberRole

_UNIT = "01989f2e-0000-7000-8000-0000000000d3"
_ROW: dict[str, JsonValue] = {
    **{"code": "rep-07", "subject": "rep-07", "role": "sales_rep"},
    **{"unit_id": _UNIT, "valid_from": "2026-01-01"},
}


class MemberCreate(Schema):
    """A member who belongs to `unit_id` from `valid_from` on; `subject` is the token subject of a login."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})

    code: Code
    subject: Code | None = None
    role: MemberRole
    unit_id: UUID
    valid_from: BusinessDate
    capacity: PositiveShare = SHARE_WHOLE


class MemberBatchRow(MemberCreate):
    """A member of a batch: a new one, or where and what the one of this `code` is from `valid_from` on, until the next
    change that is known. Of that one `subject` and `capacity` stay where they are left out."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})


class MemberBatch(BatchBody):
    """Up to 5,000 members by their code."""

    model_config = ConfigDict(json_schema_extra={"example": {"rows": [_ROW]}})
    row_model = MemberBatchRow


class MemberLink(Schema):
    """The token subject of the member's login; null takes it away."""

    model_config = ConfigDict(json_schema_extra={"example": {"subject": "rep-07"}})

    subject: Code | None


class MemberMove(Schema):
    """Belong to another unit from a date on. With `correction`, credited lines that the change touches are
    reversed and posted again; without it such a change is refused."""

    model_config = ConfigDict(json_schema_extra={"example": {"unit_id": _UNIT, "from": "2026-02-15"}})

    unit_id: UUID
    start: BusinessDate = Field(alias="from")
    correction: bool = Field(default=False, strict=True)


class MemberChangeRole(Schema):
    """Have another role from a date on, until the next change of it that is known; without `capacity` that stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"role": "sales_supervisor", "from": "2026-02-15"}})

    role: MemberRole
    start: BusinessDate = Field(alias="from")
    capacity: PositiveShare | None = None


class MemberLeave(Schema):
    """`on` is the first day without a unit."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-06-30"}})

    on: BusinessDate
    correction: bool = Field(default=False, strict=True)


class MembershipRead(Schema):
    """Where a member belongs from `valid_from` until before `valid_to` (null: open), in which role and with how much of
    the time (millionths)."""

    unit_id: UUID
    path: list[UUID]
    valid_from: date
    valid_to: date | None
    role: MemberRole
    capacity: int


class MemberRead(Schema):
    """A member with all memberships, oldest first; `role` is that of the newest one, also of one to come."""

    id: UUID
    code: str
    subject: str | None
    role: MemberRole
    memberships: list[MembershipRead]
    version: int
    created_at: datetime
    updated_at: datetime
