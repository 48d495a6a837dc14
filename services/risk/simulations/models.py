"""Simulations of policies and whom they would move, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import WrapValidator
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, one_of, text
from services.risk.assessments.enums import AssessmentKind
from services.risk.db import Base
from services.risk.policies.bodies import AnyBody, read_body
from services.risk.policies.enums import CreditGrade, RiskBand, RiskPolicyKind
from services.risk.profiles.enums import HoldReason
from services.risk.simulations.enums import PolicyMove


class Foreseen(FrozenRow):
    """What a subject has: an account or a partner all but `band`, an assessment that alone. Without a score it is not
    rated, without `recommended_limit` none is recommended."""

    score: int | None = None
    grade: CreditGrade | None = None
    terms_days: int | None = None
    deposit_share: int | None = None
    credit_limit: int | None = None
    recommended_limit: int | None = None
    hold_reasons: tuple[HoldReason, ...] = ()
    band: RiskBand | None = None


class RiskPolicySimulation(OwnedRow):
    """A version of a policy as it was (`body`), against the one that held on the day, `against_version`; its job has
    its id. `subjects` is how many accounts and partners, or risks, it looked at, `moved` how many rows it found; None
    until then."""

    __tablename__ = "risk_policy_simulation"

    policy_id: Annotated[UUID, identifier(nullable=False, foreign_key="risk_policy.id")]
    kind: Annotated[RiskPolicyKind, text(nullable=False)]
    policy_version: Annotated[int, Field(nullable=False)]
    against_version: Annotated[int, Field(nullable=False)]
    body: Annotated[AnyBody, WrapValidator(read_body), DECODED, document(nullable=False)]
    as_of: Annotated[date, Field(nullable=False)]
    subjects: Annotated[int | None, Field(nullable=True)] = None
    moved: Annotated[int | None, Field(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


class RiskPolicySimulationTable(RiskPolicySimulation, Base, table=True):
    """Simulations."""

    __table_args__ = (
        one_of("kind", RiskPolicyKind),
        sa.CheckConstraint("(subjects IS NULL) = (moved IS NULL)", name="finished"),
        sa.Index("ix_risk_policy_simulation_created_at_id", "created_at", "id"),
        sa.Index("ix_risk_policy_simulation_policy_id", "policy_id"),
    )


class RiskPolicySimulationResult(FrozenRow):
    """An account, a partner, or an assessment of a risk, that would have something else; the id is derived from
    both."""

    __tablename__ = "risk_policy_simulation_result"

    id: Annotated[UUID, identifier(primary_key=True)]
    simulation_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    risk_id: Annotated[UUID | None, identifier(nullable=True)] = None
    assessment_kind: Annotated[AssessmentKind | None, text(nullable=True)] = None
    parts: Annotated[tuple[PolicyMove, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    before: Annotated[Foreseen, DECODED, document(nullable=False)]
    after: Annotated[Foreseen, DECODED, document(nullable=False)]


class RiskPolicySimulationResultTable(RiskPolicySimulationResult, Base, table=True):
    """Results of simulations."""

    __table_args__ = (
        one_of("assessment_kind", AssessmentKind),
        sa.CheckConstraint(
            "num_nonnulls(account_id, partner_id, risk_id) = 1 AND (risk_id IS NULL) = (assessment_kind IS NULL)",
            name="subject",
        ),
        sa.Index("ix_risk_policy_simulation_result_simulation_id_id", "simulation_id", "id"),
    )
