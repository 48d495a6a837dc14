"""Schemas of treatments and of their simulations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from kit.web.schema import ABSENT, BusinessDate, Label, NonNegativeAmount, Schema
from services.risk.studies.rules import SEEDS
from services.risk.treatments.bodies import (
    READ_EFFECT,
    EffectBody,
    TreatmentAction,
    TreatmentSimulationResults,
    TreatmentVerification,
)
from services.risk.treatments.enums import RiskResponse, TreatmentSimulationState, TreatmentState

AnyEffect = Annotated[EffectBody, READ_EFFECT]
Actions = Annotated[tuple[TreatmentAction, ...], Field(max_length=50)]
Years = Annotated[int, Field(strict=True, ge=1, le=100)]
EXAMPLE: dict[str, Any] = {
    "risk_id": "01989f2e-0000-7000-8000-000000000095",
    "response": "mitigate",
    "effect": {"kind": "mitigate", "frequency_factor": 600000, "severity_factor": 800000},
    "actions": [{"title": "Ask new customers for a deposit", "due_on": "2099-03-31"}],
    "cost_once": 3000000,
    "cost_yearly": 1000000,
    "lifetime_years": 3,
}


class TreatmentCreate(Schema):
    """What is done about a risk, by `response`, and what it costs: `cost_once` is shared by `lifetime_years`.

    The `kind` of an effect is the response and may be left out. `avoid` {share}: so many events less. `mitigate`
    {frequency_factor, severity_factor} or {by_controls}. `transfer` {deductible, limit, share}: of a loss X stays
    X - share x min(max(X - deductible, 0), limit). `diversify` {dimension, plan}: exposures moved to the shares of a
    plan. `accept` {expires_on}: for a year at most.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    risk_id: UUID
    response: RiskResponse
    effect: AnyEffect
    actions: Actions = ()
    cost_once: NonNegativeAmount = 0
    cost_yearly: NonNegativeAmount = 0
    lifetime_years: Years = 1

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: object) -> object:
        """An effect that does not say its kind has that of the response; another one is wrong."""
        if not isinstance(data, dict) or not isinstance(data.get("effect"), dict):
            return data
        effect, response = data["effect"], data.get("response")
        if "kind" in effect and effect["kind"] != response and isinstance(response, str):
            raise PydanticCustomError("invalid", "the kind of the effect is not the response")
        return {**data, "effect": {"kind": response, **effect}}


class TreatmentUpdate(Schema):
    """Fields of a plan to change; what is left out stays, an effect is replaced whole (its `kind` is the response)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"effect": {"kind": "avoid", "share": 250000}, "cost_once": 0, "cost_yearly": 2000000}
        }
    )

    effect: AnyEffect = ABSENT
    actions: Actions = ABSENT
    cost_once: NonNegativeAmount = ABSENT
    cost_yearly: NonNegativeAmount = ABSENT
    lifetime_years: Years = ABSENT


class TreatmentDay(Schema):
    """The day on which it was started or completed; today unless given."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2025-11-03"}})

    on: BusinessDate | None = None


class TreatmentCancel(Schema):
    """Why a treatment is given up."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Another treatment covers it"}})

    reason: Label


class TreatmentSimulate(Schema):
    """How many years to simulate; without a seed one is drawn, and kept."""

    model_config = ConfigDict(json_schema_extra={"example": {"trials": 100000, "seed": 1}})

    trials: Annotated[int, Field(strict=True, ge=10_000, le=1_000_000)] = 100_000
    seed: Annotated[int, Field(strict=True, ge=0, le=SEEDS - 1)] | None = None


class TreatmentRead(Schema):
    """A treatment; expected losses and `roi` are those of its last completed simulation with this effect and these
    costs. `hhi_reached` is the concentration of exposures when a diversification was completed."""

    id: UUID
    risk_id: UUID
    response: RiskResponse
    effect: AnyEffect
    actions: list[TreatmentAction]
    cost_once: int
    cost_yearly: int
    lifetime_years: int
    state: TreatmentState
    approved_by: str | None
    started_on: date | None
    completed_on: date | None
    hhi_reached: int | None
    verification: TreatmentVerification | None
    simulation_id: UUID | None
    expected_before: int | None
    expected_after: int | None
    roi: float | None
    version: int
    created_at: datetime
    updated_at: datetime


class TreatmentSimulationRead(Schema):
    """A simulation of a treatment, with the effect and the costs that it had then. `progress` is in millionths,
    `failure` the code of why it failed."""

    id: UUID
    treatment_id: UUID
    seed: int
    trials: int
    effect: AnyEffect
    cost_once: int
    cost_yearly: int
    lifetime_years: int
    state: TreatmentSimulationState
    progress: int
    failure: str | None
    results: TreatmentSimulationResults | None
    finished_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
