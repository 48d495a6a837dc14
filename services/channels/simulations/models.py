"""Simulations of rebate programmes and what they come to for each partner, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, identifiers, one_of, text
from services.channels.db import Base
from services.channels.programmes.models import BaselineStep, TierSteps
from services.channels.programmes.rules import GrowthBasis, Period, PlanKind
from services.channels.simulations.enums import RebateSimulationState


class RebateSimulation(OwnedRow):
    """A plan over the orders of some days, for some partners (none named: for all); the job that calculates it has its
    id. Until then `partners`, `orders`, `volume` and `amount` are None. Sums are minor units of the base currency."""

    __tablename__ = "rebate_simulation"

    kind: Annotated[PlanKind, text(nullable=False)]
    tiers: Annotated[TierSteps, document(nullable=False)]
    period: Annotated[Period, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date, Field(nullable=False)]
    product_lines: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    partner_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    basis: Annotated[GrowthBasis | None, text(nullable=True)] = None
    baselines: Annotated[Annotated[tuple[BaselineStep, ...] | None, DECODED], document(nullable=True)] = None
    focus_lines: Annotated[tuple[str, ...] | None, Field(sa_type=sa.ARRAY(sa.Text), nullable=True)] = None
    state: Annotated[RebateSimulationState, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    partners: Annotated[int | None, Field(nullable=True)] = None
    orders: Annotated[int | None, big_int(nullable=True)] = None
    volume: Annotated[int | None, big_int(nullable=True)] = None
    amount: Annotated[int | None, big_int(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


class RebateSimulationTable(RebateSimulation, Base, table=True):
    """Simulations."""

    __table_args__ = (
        one_of("kind", PlanKind),
        one_of("period", Period),
        one_of("basis", GrowthBasis),
        sa.CheckConstraint("state IN ('calculating', 'calculated')", name="state"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint("(state = 'calculated') = (amount IS NOT NULL)", name="amount"),
        sa.Index("ix_rebate_simulation_created_at_id", "created_at", "id"),
    )


class SimulatedPeriod(FrozenRow):
    """The account that a partner would have: `volume` and `focus` are its positions, `amount` is what they earn."""

    period_start: date
    period_end: date
    orders: int
    volume: int
    focus: int | None
    baseline: int | None
    amount: int


class RebateSimulationResult(FrozenRow):
    """What a simulation comes to for a partner."""

    __tablename__ = "rebate_simulation_result"

    id: Annotated[UUID, identifier(primary_key=True)]
    simulation_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    orders: Annotated[int, big_int(nullable=False)]
    volume: Annotated[int, big_int(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    periods: Annotated[Annotated[tuple[SimulatedPeriod, ...], DECODED], document(nullable=False)]


class RebateSimulationResultTable(RebateSimulationResult, Base, table=True):
    """Results of simulations."""

    __table_args__ = (
        sa.UniqueConstraint("simulation_id", "partner_id"),
        sa.Index("ix_rebate_simulation_result_simulation_id_amount_id", "simulation_id", "amount", "id"),
    )
