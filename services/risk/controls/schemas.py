"""Schemas of controls and bow-ties."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema, Share
from services.risk.controls.enums import ControlKind, ControlState, Verdict

Days = Annotated[int, Field(strict=True, ge=1, le=3660)]
EXAMPLE: dict[str, Any] = {
    "risk_id": "01989f2e-0000-7000-8000-000000000095",
    "kind": "preventive",
    "branch": "cash",
    "title": "Deposits of those who pay late",
    "claimed_effect": 900000,
    "test_every_days": 90,
}


class ControlCreate(Schema):
    """What stands against a cause (preventive) or a consequence (mitigating), `branch`, of a risk; and by how much."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    risk_id: UUID
    kind: ControlKind
    branch: Code
    title: Label
    owner_id: UUID | None = None
    claimed_effect: Share
    test_every_days: Days


class ControlUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"claimed_effect": 800000, "test_every_days": 30}})

    branch: Code = ABSENT
    title: Label = ABSENT
    owner_id: UUID | None = ABSENT
    claimed_effect: Share = ABSENT
    test_every_days: Days = ABSENT


class ControlTest(Schema):
    """What a test has shown; one that failed has no effect, whatever was measured."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"tested_on": "2026-01-15", "result": "pass", "effect": 900000}}
    )

    tested_on: BusinessDate
    result: Verdict
    effect: Share


class ControlRead(Schema):
    """A control and its last test."""

    id: UUID
    risk_id: UUID
    kind: ControlKind
    branch: str
    title: str
    owner_id: UUID | None
    claimed_effect: int
    test_every_days: int
    state: ControlState
    tested_on: date | None
    verdict: Verdict | None
    measured_effect: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class BarrierRead(Schema):
    """A control of a bow-tie, and what it is worth today."""

    id: UUID
    title: str
    owner_id: UUID | None
    state: ControlState
    claimed_effect: int
    tested_on: date | None
    effect: int


class BranchRead(Schema):
    """A cause or a consequence, its share, its barriers, and what they leave of it."""

    code: str
    title: str
    share: int
    left: int
    barriers: list[BarrierRead]


class BowTieRead(Schema):
    """Both sides of a risk: what preventive controls leave of its causes, mitigating ones of its consequences.

    `unattached` are controls whose cause or consequence is gone.
    """

    risk_id: UUID
    as_of: date
    event: str
    causes: list[BranchRead]
    consequences: list[BranchRead]
    frequency_factor: int
    severity_factor: int
    unattached: list[BarrierRead]
