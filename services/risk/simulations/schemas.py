"""Answers of simulations of policies; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.jobs.tables import JobState
from kit.web.schema import Schema
from services.risk.assessments.enums import AssessmentKind
from services.risk.policies.enums import CreditGrade, RiskBand, RiskPolicyKind
from services.risk.profiles.enums import HoldReason
from services.risk.simulations.enums import PolicyMove


class RiskPolicySimulationRead(Schema):
    """A simulation and the state of its job, which has its id: a version of a policy, as it was when it was asked for,
    against the one that held. `subjects` is how many accounts and partners, or risks, it looked at, `moved` how many
    results it has (null: not yet)."""

    id: UUID
    policy_id: UUID
    kind: RiskPolicyKind
    policy_version: int
    against_version: int
    as_of: date
    subjects: int | None
    moved: int | None
    state: JobState
    progress: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ForeseenRead(Schema):
    """What an account or a partner has: score, grade and terms, the limit that a run leaves and the one it recommends,
    what holds it by the rules (`manual` aside). Of an assessment the band."""

    score: int | None
    grade: CreditGrade | None
    terms_days: int | None
    deposit_share: int | None
    credit_limit: int | None
    recommended_limit: int | None
    hold_reasons: list[HoldReason]
    band: RiskBand | None


class RiskPolicySimulationResultRead(Schema):
    """Whom the policy would move, and how: `before` is under the one in force, `after` under the simulated one, both
    from the same profile on the same day; `parts` says what differs. Of an account that others lead to it counts them
    all."""

    id: UUID
    simulation_id: UUID
    account_id: UUID | None
    filed_account_id: UUID | None
    account_name: str | None
    partner_id: UUID | None
    partner_name: str | None
    risk_id: UUID | None
    risk_code: str | None
    assessment_kind: AssessmentKind | None
    owner_id: UUID | None
    parts: list[PolicyMove]
    before: ForeseenRead
    after: ForeseenRead
