"""Schemas of studies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import ABSENT, Label, NonNegativeAmount, PositiveAmount, Schema
from services.risk.studies.bodies import CorrelationBody, CurvePoint, StudyResults, TargetShare, ToleranceBody
from services.risk.studies.enums import StudyState
from services.risk.studies.rules import SEEDS


def _once(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) != len(ids):
        raise ValueError("each scenario once")
    return tuple(sorted(ids))


ScenarioIds = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200), AfterValidator(_once)]
Trials = Annotated[int, Field(strict=True, ge=10_000, le=1_000_000)]
Seed = Annotated[int, Field(strict=True, ge=0, le=SEEDS - 1)]
Months = Annotated[int, Field(strict=True, ge=1, le=120)]
Correlations = Annotated[tuple[CorrelationBody, ...], Field(max_length=19_900)]
Tolerances = Annotated[tuple[ToleranceBody, ...], Field(max_length=20)]
EXAMPLE: dict[str, Any] = {
    "name": "Losses of 2026",
    "scenario_ids": ["01989f2e-0000-7000-8000-00000000009b"],
    "trials": 100000,
    "seed": 1,
    "horizon_months": 12,
    "appetite": 15000000,
    "tolerance": [{"amount": 50000000, "probability": 20000}],
    "planned_revenue": 1000000000,
}


class StudyCreate(Schema):
    """What to simulate: `trials` times `horizon_months` of these scenarios (trials x scenarios <= 20,000,000).

    Without a seed one is drawn when it runs, and kept. It shows whether the mean exceeds `appetite`, and which amounts
    of `tolerance` are exceeded with more than their chance. With a planned revenue each scenario suggests a cell of the
    risk matrix. Of completed reference studies the last one counts elsewhere.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    name: Label
    owner_id: UUID | None = None
    scenario_ids: ScenarioIds
    trials: Trials = 100_000
    seed: Seed | None = None
    correlations: Correlations = ()
    horizon_months: Months = 12
    appetite: NonNegativeAmount | None = None
    tolerance: Tolerances = ()
    planned_revenue: PositiveAmount | None = None
    is_reference: bool = False


class StudyUpdate(Schema):
    """Fields of a draft to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"trials": 200000, "is_reference": True}})

    name: Label = ABSENT
    owner_id: UUID | None = ABSENT
    scenario_ids: ScenarioIds = ABSENT
    trials: Trials = ABSENT
    seed: Seed | None = ABSENT
    correlations: Correlations = ABSENT
    horizon_months: Months = ABSENT
    appetite: NonNegativeAmount | None = ABSENT
    tolerance: Tolerances = ABSENT
    planned_revenue: PositiveAmount | None = ABSENT
    is_reference: bool = ABSENT


class StudyRead(Schema):
    """A study; `is_stale`: a scenario that it ran with has other distributions now, or is archived. `progress` is in
    millionths, `failure` the code of why it failed."""

    id: UUID
    name: str
    owner_id: UUID | None
    scenario_ids: list[UUID]
    trials: int
    seed: int | None
    correlations: list[CorrelationBody]
    horizon_months: int
    appetite: int | None
    tolerance: list[ToleranceBody]
    planned_revenue: int | None
    is_reference: bool
    state: StudyState
    progress: int
    is_stale: bool
    failure: str | None
    expected_loss: int | None
    var_95: int | None
    var_99: int | None
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class StudyResultsRead(StudyResults):
    """What a study has shown, of which run."""

    study_id: UUID
    seed: int
    trials: int
    horizon_months: int
    currency: str


class LossCurveRead(Schema):
    """The chance of losing more than an amount within the study's horizon, never rising with it."""

    study_id: UUID
    currency: str
    points: list[CurvePoint]


class AdjustmentsQuery(Schema):
    """Of which target."""

    target_id: UUID = Field(description="the target whose linked risks count")


class TargetAdjustmentRead(TargetShare):
    """What the risks linked to a target may cost, by the last completed reference study; 0 where none is linked.

    Without such a study: `insufficient_data`.
    """

    study_id: UUID | None
    horizon_months: int | None
    currency: str
    insufficient_data: bool
