"""Bodies and answers of scorecards: amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict

from kit.jobs.tables import JobState
from kit.web.schema import BusinessDate, Label, Schema
from services.risk.policies.enums import CreditGrade
from services.risk.scorecards.enums import DefaultCause, ScoreFactor, ScoreLack, ScoringCause


def _rated(grade: CreditGrade) -> CreditGrade:
    if grade is CreditGrade.NR:
        raise ValueError("nobody sets that an account is not rated")
    return grade


class CreditGradeSet(Schema):
    """A grade through a day, a year from now at most, and why. A better one than the account has holds when somebody
    else has approved it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"grade": "CCC", "until": "2026-12-31", "reason": "Its largest customer failed"}}
    )

    grade: Annotated[CreditGrade, AfterValidator(_rated)]
    until: BusinessDate
    reason: Label


class ScoringRunCreate(Schema):
    """Score all accounts and partners as of the end of a day (default: today); the grades of an earlier day change no
    profile."""

    model_config = ConfigDict(json_schema_extra={"example": {"as_of": "2026-02-14"}})

    as_of: BusinessDate | None = None


class ScoringRunRead(Schema):
    """A run and the state of its job, which has its id; `accounts` and `partners` are how many it scored (null: not
    yet)."""

    id: UUID
    cause: ScoringCause
    as_of: date
    applies: bool
    accounts: int | None
    partners: int | None
    state: JobState
    progress: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ScoreFactorRead(Schema):
    """Points of a factor, of how many. `value` is in the units of the scorecard: days, shares and ratios in millionths,
    months, points of a report, or how many defaults there were."""

    factor: ScoreFactor
    value: str
    points: int
    max_points: int


class CreditScoreRead(Schema):
    """What an account, with all that lead to it, or a partner, by the orders that name it, was scored: `score` = 100 x
    points / max_points of the factors that have data, null with what is lacking (`insufficient_data`). `scored_grade`
    is what that says, D for a default (`default_cause`); `grade_before` and `grade_after` are those of the profile,
    which rises more slowly."""

    id: UUID
    run_id: UUID | None
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    cause: ScoringCause
    as_of: date
    scorecard_version: int
    terms_version: int
    score: int | None
    points: int
    max_points: int
    scored_grade: CreditGrade
    insufficient_data: ScoreLack | None
    default_cause: DefaultCause | None
    grade_before: CreditGrade
    grade_after: CreditGrade
    recommended_limit: int | None
    factors: list[ScoreFactorRead]
    scored_at: datetime
