"""Schemas of assessments and heat maps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, LongText, Schema
from services.risk.assessments.enums import AssessmentKind
from services.risk.policies.enums import RiskBand
from services.risk.risks.enums import RiskClass

Side = Annotated[int, Field(strict=True, ge=1, le=5)]
EXAMPLE: dict[str, Any] = {
    "risk_id": "01989f2e-0000-7000-8000-000000000095",
    "kind": "inherent",
    "likelihood": 3,
    "impact": 4,
    "rationale": "Two large customers have paid late for two quarters",
}


class AssessmentCreate(Schema):
    """How likely a risk is and what it would do, and why."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    risk_id: UUID
    kind: AssessmentKind
    likelihood: Side
    impact: Side
    rationale: LongText


class AssessmentRead(Schema):
    """An assessment; `band` is that of the matrix of its day."""

    id: UUID
    risk_id: UUID
    ordinal: int
    kind: AssessmentKind
    likelihood: int
    impact: int
    band: RiskBand
    matrix_version: int
    rationale: str
    day: date
    assessed_by: str
    created_at: datetime


class HeatMapQuery(Schema):
    """Which assessments, on which day, of which risks; `from` is the day that moves count from."""

    kind: AssessmentKind = AssessmentKind.CURRENT
    as_of: BusinessDate | None = None
    since: Annotated[BusinessDate | None, Field(alias="from")] = None
    risk_class: Annotated[RiskClass | None, Field(alias="class")] = None
    owner_id: UUID | None = None
    matrix_version: Annotated[int | None, Field(ge=1, le=1_000_000)] = None


class PlacedRead(Schema):
    """A risk on a heat map."""

    id: UUID
    code: str
    title: str


class CellRead(Schema):
    """A cell: how many risks stand in it, and the first 50 of them."""

    likelihood: int
    impact: int
    band: RiskBand
    count: int
    risks: list[PlacedRead]


class UnassessedRead(Schema):
    """How many risks have no such assessment, and the first 50 of them."""

    count: int
    risks: list[PlacedRead]


class PlaceRead(Schema):
    """Where a risk stood."""

    likelihood: int
    impact: int


class MovedRead(PlacedRead):
    """A risk that stands elsewhere than before; null: nowhere."""

    before: PlaceRead | None
    after: PlaceRead | None


class MovesRead(Schema):
    """How many risks have moved, and the first 50 of them."""

    count: int
    risks: list[MovedRead]


class HeatMapRead(Schema):
    """The 25 cells under a version of the matrix, without risks that are closed; `moves` since `from`."""

    kind: AssessmentKind
    as_of: date
    matrix_version: int
    cells: list[CellRead]
    unassessed: UnassessedRead
    moves: MovesRead | None
