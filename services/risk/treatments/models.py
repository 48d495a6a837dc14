"""Treatments and their simulations as rows and as tables. Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.treatments.bodies import (
    READ_EFFECT,
    EffectBody,
    TreatmentAction,
    TreatmentSimulationInputs,
    TreatmentSimulationResults,
    TreatmentVerification,
)
from services.risk.treatments.enums import RiskResponse, TreatmentSimulationState, TreatmentState

Effect = Annotated[EffectBody, READ_EFFECT, DECODED, document(nullable=False)]
Actions = Annotated[tuple[TreatmentAction, ...], DECODED]


class Treatment(OwnedRow):
    """What is done about a risk; `authors` wrote it, and do not approve it.

    `hhi_reached` is the concentration of the exposures at the completion of a diversification, `due_at` when an
    acceptance has passed.
    """

    __tablename__ = "treatment"

    risk_id: Annotated[UUID, identifier(nullable=False)]
    response: Annotated[RiskResponse, text(nullable=False)]
    effect: Effect
    actions: Annotated[Actions, document(nullable=False)] = ()
    cost_once: Annotated[int, big_int(nullable=False)]
    cost_yearly: Annotated[int, big_int(nullable=False)]
    lifetime_years: Annotated[int, Field(nullable=False)]
    state: Annotated[TreatmentState, text(nullable=False)]
    authors: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    approved_by: Annotated[str | None, text(nullable=True)] = None
    started_on: Annotated[date | None, Field(nullable=True)] = None
    completed_on: Annotated[date | None, Field(nullable=True)] = None
    hhi_reached: Annotated[int | None, Field(nullable=True)] = None
    verification: Annotated[TreatmentVerification | None, DECODED, document(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class TreatmentTable(Treatment, Base, table=True):
    """Treatments."""

    __table_args__ = (
        one_of("response", RiskResponse),
        one_of("state", TreatmentState),
        sa.CheckConstraint("effect->>'kind' = response", name="effect"),
        sa.CheckConstraint("(response = 'accept' AND state = 'approved') = (due_at IS NOT NULL)", name="due_at"),
        sa.CheckConstraint("(state = 'verified') = (verification IS NOT NULL)", name="verification"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
        sa.Index("ix_treatment_risk_id", "risk_id"),
        sa.Index("ix_treatment_created_at_id", "created_at", "id"),
        sa.Index("ix_treatment_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )


class TreatmentSimulation(OwnedRow):
    """A year before and after a treatment, with the effect and the costs that it had then."""

    __tablename__ = "treatment_simulation"

    treatment_id: Annotated[UUID, identifier(nullable=False)]
    seed: Annotated[int, big_int(nullable=False)]
    trials: Annotated[int, Field(nullable=False)]
    effect: Effect
    cost_once: Annotated[int, big_int(nullable=False)]
    cost_yearly: Annotated[int, big_int(nullable=False)]
    lifetime_years: Annotated[int, Field(nullable=False)]
    inputs: Annotated[TreatmentSimulationInputs, DECODED, document(nullable=False)]
    state: Annotated[TreatmentSimulationState, text(nullable=False)]
    failure: Annotated[str | None, text(nullable=True)] = None
    results: Annotated[TreatmentSimulationResults | None, DECODED, document(nullable=True)] = None
    job_id: Annotated[UUID, identifier(nullable=False)]
    finished_at: Annotated[datetime | None, moment(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class TreatmentSimulationTable(TreatmentSimulation, Base, table=True):
    """Simulations of treatments."""

    __table_args__ = (
        one_of("state", TreatmentSimulationState),
        sa.CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished_at"),
        sa.CheckConstraint("(state = 'completed') = (results IS NOT NULL)", name="results"),
        sa.ForeignKeyConstraint(["treatment_id"], ["treatment.id"]),
        sa.Index("ix_treatment_simulation_treatment_id_created_at_id", "treatment_id", "created_at", "id"),
        sa.Index("ix_treatment_simulation_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
        sa.Index(
            "uq_treatment_simulation_running",
            "treatment_id",
            unique=True,
            postgresql_where=sa.text("state = 'running'"),
        ),
    )
