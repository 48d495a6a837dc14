"""What a study is given and what it shows, as documents.

Amounts are minor units of the base currency, rounded half-even once; chances and shares are millionths.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import NonNegativeAmount, Schema, Share
from services.risk.risks.enums import RiskClass
from services.risk.scenarios.bodies import READ_FREQUENCY, READ_SEVERITY, FrequencyBody, SeverityBody
from services.risk.scenarios.enums import ExposureDimension


class Body(Schema):
    """A part of a study."""

    model_config = ConfigDict(frozen=True)


class CorrelationBody(Body):
    """The correlation, from -1 to 1, of the normals by which the years of two scenarios are ordered."""

    a: UUID
    b: UUID
    r: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-2, le=2)]


class ToleranceBody(Body):
    """More than `amount` may be lost with this chance at most."""

    amount: NonNegativeAmount
    probability: Share


class ScenarioInput(Body):
    """A scenario as it was when the study ran, with the class and the targets of its risk."""

    scenario_id: UUID
    scenario_version: int
    risk_id: UUID
    risk_class: RiskClass
    target_ids: tuple[UUID, ...]
    frequency: Annotated[FrequencyBody, READ_FREQUENCY]
    severity: Annotated[SeverityBody, READ_SEVERITY]


class StudyInputs(Body):
    """All that the results of a study depend on, scenarios by id; bounds part classes of likelihood and impact."""

    seed: int
    trials: int
    horizon_months: int
    scenarios: tuple[ScenarioInput, ...]
    correlations: tuple[CorrelationBody, ...]
    exposures: dict[ExposureDimension, tuple[int, ...]]
    appetite: int | None
    tolerance: tuple[ToleranceBody, ...]
    planned_revenue: int | None
    likelihood_bounds: tuple[int, ...]
    impact_bounds: tuple[int, ...]


class QuantileBody(Body):
    """Value at risk with the losses at its 95 % order interval, and the mean of what lies beyond it."""

    percent: int
    value_at_risk: int
    low: int
    high: int
    expected_shortfall: int
    shortfall_error: int | None


class ScenarioShare(Body):
    """What a scenario does: of `expected_loss` and of the expected shortfall at 95 % of all; shares are 1,000,000
    together. `likelihood` and `impact` are the cell that it suggests for an assessment of its risk (a year, with a
    planned revenue)."""

    scenario_id: UUID
    scenario_version: int
    risk_id: UUID
    expected_events: float
    expected_loss: int
    loss_probability: int
    mean_if_lost: int | None
    share: int
    tail_share: int
    likelihood: int | None
    impact: int | None


class ClassShare(Body):
    """The losses of a class of risks: `quantiles` are the losses at 0, 1, ... 100 %."""

    risk_class: Annotated[RiskClass, Field(alias="class")]
    expected_events: float
    expected_loss: int
    quantiles: tuple[int, ...]

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class TargetShare(Body):
    """The losses of all risks that are linked to a target."""

    target_id: UUID
    expected_loss: int
    p50: int
    p90: int


class Breach(Body):
    """More than `amount` is lost with a chance above what is tolerated."""

    amount: int
    tolerated: int
    probability: int


class CurvePoint(Body):
    """The chance of losing more than `amount`; once in `years` of the study's horizon."""

    amount: int
    probability: int
    years: float


class StudyResults(Body):
    """What a study has shown; with `infinite_variance` there are no standard errors."""

    expected_loss: int
    sd: int
    standard_error: int | None
    infinite_variance: bool
    loss_probability: int
    p50: int
    p90: int
    quantiles: tuple[QuantileBody, ...]
    scenarios: tuple[ScenarioShare, ...]
    classes: tuple[ClassShare, ...]
    targets: tuple[TargetShare, ...]
    is_above_appetite: bool | None
    breaches: tuple[Breach, ...]
    curve: tuple[CurvePoint, ...]
    numpy: str
    scipy: str
