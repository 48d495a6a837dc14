"""Schemas of scenarios."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, Label, PositiveAmount, Schema
from services.risk.scenarios.bodies import (
    READ_FREQUENCY,
    READ_SEVERITY,
    Estimate,
    FrequencyBody,
    LossFilter,
    SeverityBody,
)
from services.risk.scenarios.enums import LossSource, Origin, ScenarioState

AnyFrequency = Annotated[FrequencyBody, READ_FREQUENCY]
AnySeverity = Annotated[SeverityBody, READ_SEVERITY]
EXAMPLE: dict[str, Any] = {
    "risk_id": "01989f2e-0000-7000-8000-000000000095",
    "name": "Customers that do not pay",
    "frequency": {"kind": "poisson", "mean": 2},
    "severity": {"kind": "lognormal", "q05": 1000000, "q95": 20000000},
}


class ScenarioCreate(Schema):
    """How often a year a risk causes a loss, and how much each time, in minor units of the base currency."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    risk_id: UUID
    name: Label
    frequency: AnyFrequency
    severity: AnySeverity


class ScenarioUpdate(Schema):
    """Fields to change; what is left out stays, a distribution is replaced whole."""

    model_config = ConfigDict(json_schema_extra={"example": {"frequency": {"kind": "bernoulli", "p": 0.3}}})

    name: Label = ABSENT
    frequency: AnyFrequency = ABSENT
    severity: AnySeverity = ABSENT


class ScenarioEstimate(Schema):
    """Losses to estimate from: of the business days from `from` to `to`.

    Without a filter incidents are those of the scenario's risk, other losses all there are. `threshold` is where the
    tail begins (else at 90 % of the losses); with fewer than 30 losses above it there is none.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"source": "incident", "from": "2023-01-01", "to": "2025-12-31"}}
    )

    source: LossSource
    first: Annotated[BusinessDate, Field(alias="from")]
    last: Annotated[BusinessDate, Field(alias="to")]
    filter: LossFilter | None = None
    threshold: PositiveAmount | None = None


class ScenarioRead(Schema):
    """A scenario; `estimate` is the last that was made."""

    id: UUID
    risk_id: UUID
    name: str
    frequency: FrequencyBody
    severity: SeverityBody
    origin: Origin
    estimate: Estimate | None
    state: ScenarioState
    version: int
    created_at: datetime
    updated_at: datetime
