"""Bodies of simulations; amounts are minor units of the base currency, rates are millionths."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import Schema
from services.channels.programmes.rules import GrowthBasis, Period, PlanKind
from services.channels.programmes.schemas import BaselineBody, ProgrammeTerms, TierBody
from services.channels.simulations.enums import RebateSimulationState


class RebateSimulationCreate(ProgrammeTerms):
    """The terms of a programme; the days are those of the orders, `partner_ids` those of whom it is asked (none: of
    all)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "retroactive",
                "tiers": [{"start": 0, "rate": 10000}, {"start": 1000000, "rate": 20000}],
                "period": "quarter",
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        }
    )


class RebateSimulationRead(Schema):
    """A simulation: what the plan would have given to all `partners`; null until it is calculated.
    `failure` is why its job failed."""

    id: UUID
    kind: PlanKind
    tiers: list[TierBody]
    period: Period
    valid_from: date
    valid_to: date
    product_lines: list[str]
    partner_ids: list[UUID]
    basis: GrowthBasis | None
    baselines: list[BaselineBody] | None
    focus_lines: list[str] | None
    state: RebateSimulationState
    failure: str | None = None
    currency: str
    partners: int | None
    orders: int | None
    volume: int | None
    amount: int | None
    created_by: str
    version: int
    created_at: datetime
    updated_at: datetime


class SimulatedPeriodRead(Schema):
    """A period: `volume` is net of what came back, `focus` what of it is in focus lines, growth counts over
    `baseline`."""

    period_start: date
    period_end: date
    orders: int
    volume: int
    focus: int | None
    baseline: int | None
    amount: int


class RebateSimulationResultRead(Schema):
    """What a simulation comes to for a partner, in all and by period. An order that partners share is one of each."""

    id: UUID
    simulation_id: UUID
    partner_id: UUID
    partner_code: str | None
    orders: int
    volume: int
    amount: int
    periods: list[SimulatedPeriodRead]
