"""Effects of treatments as they are written and stored, and what their simulations are given and show.

Amounts are minor units of the base currency, shares and factors are millionths.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from kit.money import SHARE_WHOLE
from kit.web.schema import BusinessDate, Code, Label, NonNegativeAmount, PositiveAmount, PositiveShare, Schema, Share
from services.risk.scenarios.bodies import READ_FREQUENCY, READ_SEVERITY, FrequencyBody, SeverityBody
from services.risk.scenarios.enums import ExposureDimension
from services.risk.treatments.enums import RiskResponse


class Body(Schema):
    """A part of a treatment."""

    model_config = ConfigDict(frozen=True)


class AvoidEffect(Body):
    """`share` of the events no longer happen."""

    kind: Literal[RiskResponse.AVOID]
    share: PositiveShare


class MitigateEffect(Body):
    """What is left of how often and of how much; `by_controls`: what the bow-tie of the risk leaves of both on the day
    of a simulation."""

    kind: Literal[RiskResponse.MITIGATE]
    frequency_factor: Share | None = None
    severity_factor: Share | None = None
    by_controls: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        has_factors = self.frequency_factor is not None or self.severity_factor is not None
        if has_factors == self.by_controls:
            raise PydanticCustomError("invalid", "expected factors, or by_controls")
        return self


class TransferEffect(Body):
    """Of each loss somebody else bears `share` of what exceeds `deductible`, of `limit` at most."""

    kind: Literal[RiskResponse.TRANSFER]
    deductible: NonNegativeAmount
    limit: PositiveAmount
    share: PositiveShare


class PlannedShare(Body):
    """Whose share of all exposures: an id, or a name for who is still to be found."""

    key: Code
    share: PositiveShare


class DiversifyEffect(Body):
    """The exposures of accounts, partners, regions, channels or product lines, moved to a plan; its shares are
    1,000,000 together."""

    kind: Literal[RiskResponse.DIVERSIFY]
    dimension: ExposureDimension
    plan: Annotated[tuple[PlannedShare, ...], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({one.key for one in self.plan}) != len(self.plan):
            raise PydanticCustomError("repeated", "expected each key once")
        total = sum(one.share for one in self.plan)
        if total != SHARE_WHOLE:
            raise PydanticCustomError("distribution-invalid", f"the shares are {total} together, not {SHARE_WHOLE}")
        return self


class AcceptEffect(Body):
    """Nothing is done, through `expires_on`: a year at most."""

    kind: Literal[RiskResponse.ACCEPT]
    expires_on: BusinessDate


class _EffectTag(Schema):
    model_config = ConfigDict(extra="ignore")
    kind: RiskResponse


EffectBody = AvoidEffect | MitigateEffect | TransferEffect | DiversifyEffect | AcceptEffect
_BODIES: dict[str, type[Body]] = {
    RiskResponse.AVOID: AvoidEffect,
    RiskResponse.MITIGATE: MitigateEffect,
    RiskResponse.TRANSFER: TransferEffect,
    RiskResponse.DIVERSIFY: DiversifyEffect,
    RiskResponse.ACCEPT: AcceptEffect,
}


def _read(value: object, _read: Callable[[Any], Any]) -> object:
    """Read as what `kind` says, so that what is wrong is named by where it stands."""
    if isinstance(value, Body):
        return value
    kind = value.get("kind") if isinstance(value, dict) else None
    body = _BODIES.get(kind) if isinstance(kind, str) else None
    return (body or _EffectTag).model_validate(value)


READ_EFFECT = WrapValidator(_read)


class TreatmentAction(Body):
    """What is to be done, by whom and until when."""

    title: Label
    owner_id: UUID | None = None
    due_on: BusinessDate | None = None


class AppliedEffect(Body):
    """An effect as a simulation applies it: what is left of frequency and severity, what is borne by others of each
    loss, and the exposures of a plan."""

    frequency_factor: int = SHARE_WHOLE
    severity_factor: int = SHARE_WHOLE
    deductible: int = 0
    limit: int = 0
    share: int = 0
    dimension: ExposureDimension | None = None
    planned: tuple[int, ...] = ()


class SimulatedScenario(Body):
    """A scenario of the risk as it was when the simulation began."""

    scenario_id: UUID
    scenario_version: int
    frequency: Annotated[FrequencyBody, READ_FREQUENCY]
    severity: Annotated[SeverityBody, READ_SEVERITY]


class TreatmentSimulationInputs(Body):
    """All that the results of a simulation depend on, scenarios by id."""

    seed: int
    trials: int
    scenarios: tuple[SimulatedScenario, ...]
    exposures: dict[str, tuple[int, ...]]
    effect: AppliedEffect
    may_rise: bool
    cost_once: int
    cost_yearly: int
    lifetime_years: int


class TreatmentLosses(Body):
    """The losses of a year; without variance there is no standard error."""

    expected_loss: int
    sd: int
    standard_error: int | None
    var_95: int
    var_99: int
    es_95: int
    es_99: int


class ScenarioEffect(Body):
    """What a scenario costs a year, before and after."""

    scenario_id: UUID
    scenario_version: int
    expected_before: int
    expected_after: int


class TreatmentSimulationResults(Body):
    """A year before and after the treatment, of the same trials.

    `difference` is what is no longer lost on average, with the standard error of the differences trial by trial;
    `trials_that_rise` are years that cost more. `cost` is a year's; `roi` = (difference - cost) / cost.
    """

    before: TreatmentLosses
    after: TreatmentLosses
    difference: int
    difference_error: int | None
    trials_that_rise: int
    cost: int
    roi: float | None
    hhi_before: int | None
    hhi_after: int | None
    scenarios: tuple[ScenarioEffect, ...]
    numpy: str
    scipy: str


class TreatmentVerification(Body):
    """Incidents of the risk in the 12 months before and after the completion.

    Effects are what is no longer there (millionths; below 0: more), None where nothing was before. `p` is the chance of
    counts that differ as much if nothing had changed (exact, both sides).
    """

    before_from: date
    before_to: date
    after_from: date
    after_to: date
    incidents_before: int
    incidents_after: int
    loss_before: int
    loss_after: int
    expected_effect: int
    measured_effect: int | None
    expected_loss_effect: int | None
    measured_loss_effect: int | None
    p: float
