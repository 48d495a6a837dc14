"""Bodies of the unit resource."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, Code, Label, Schema
from services.targets.units.enums import UnitKind


class UnitCreate(Schema):
    """A new unit, below `parent_id` or as a root."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "team-1", "name": "Team 1", "kind": "team"}})

    code: Code
    name: Label
    kind: UnitKind
    parent_id: UUID | None = None


class UnitUpdate(Schema):
    """New values; what is absent stays. A unit keeps its code and its parent."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Team One"}})

    name: Label = ABSENT
    kind: UnitKind = ABSENT


class UnitRead(Schema):
    """A unit; `path` are the ids from the root down, its own last."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    parent_id: UUID | None
    path: list[UUID]
    version: int
    created_at: datetime
    updated_at: datetime
