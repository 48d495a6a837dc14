"""Units of the organisation. One constant key."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published

ORGANISATION_KEY = "organisation"


UNIT: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000d3",
    "code": "team-1",
    "name": "Team 1",
    "kind": "team",
    "parent_id": "01989f2e-0000-7000-8000-0000000000d2",
    "path": [
        "01989f2e-0000-7000-8000-0000000000d1",
        "01989f2e-0000-7000-8000-0000000000d2",
        "01989f2e-0000-7000-8000-0000000000d3",
    ],
    "version": 1,
    "changed": [],
    "lead_id": "01989f2e-0000-7000-8000-0000000000a3",
    "valid_from": "2026-01-01",
    "valid_to": None,
    "successor_id": None,
}


class UnitChanged(Published):
    """A unit was made or changed, or somebody else leads it; `path` from the root down, itself last. `lead_id` is the
    member who leads it on that day. It is there from `valid_from` to `valid_to`, both included (null: ever);
    `successor_id` is what it went on as below another parent."""

    id: UUID
    code: str
    name: str
    kind: str
    parent_id: UUID | None
    path: list[UUID]
    version: int
    changed: list[str]
    lead_id: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor_id: UUID | None = None

    TYPE: ClassVar[str] = "targets.unit.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"
    EXAMPLE: ClassVar[dict[str, Any]] = UNIT


PUBLISHED: tuple[type[Published], ...] = (UnitChanged,)
AGREED: tuple[type[Published], ...] = ()
