"""Bodies of the unit resource."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema
from services.targets.units.enums import UnitKind


class UnitCreate(Schema):
    """A new unit, below `parent_id` or as a root; without `valid_from` it is there as long as its parent."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "team-1", "name": "Team 1", "kind": "team"}})

    code: Code
    name: Label
    kind: UnitKind
    parent_id: UUID | None = None
    valid_from: BusinessDate | None = None


class UnitUpdate(Schema):
    """New values; what is absent stays. A unit keeps its code and its parent."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Team One"}})

    name: Label = ABSENT
    kind: UnitKind = ABSENT


class UnitLeadRead(Schema):
    """Who leads a unit from `valid_from` to `valid_to`, both included (null: open)."""

    member_id: UUID
    valid_from: date
    valid_to: date | None


class UnitRead(Schema):
    """A unit; `path` are the ids from the root down, its own last. It is there from `valid_from` to `valid_to`, both
    included (null: ever); `successor_id` is what it went on as, below another parent."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    parent_id: UUID | None
    path: list[UUID]
    valid_from: date | None
    valid_to: date | None
    successor_id: UUID | None
    leads: list[UnitLeadRead]
    version: int
    created_at: datetime
    updated_at: datetime
