"""Scores as rows and as tables: what an account was scored with and what came of it; runs, and when the next is."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.policies.enums import CreditGrade
from services.risk.scorecards.enums import DefaultCause, ScoreFactor, ScoreLack, ScoringCause


class FactorPoints(FrozenRow):
    """Points of a factor, and its value in the units of the policy."""

    factor: ScoreFactor
    value: str
    points: int
    max_points: int


class ScoreFigures(FrozenRow):
    """What the behaviour of an account, or of a partner (whose id is `account_id` then), comes to at the end of a day,
    as one statement finds it; amounts are minor units of the base currency, `lateness` is amounts x days. What there is
    none of is None."""

    account_id: UUID
    credit_limit: int | None
    items_due: int
    is_ever_due: bool
    lateness: Decimal
    lateness_of: Decimal
    late: Decimal
    late_of: Decimal
    defaults: int
    uncured_defaults: int
    days_used: Decimal | None
    disputed: Decimal
    open: Decimal
    first_order_on: date | None
    gross_of_months: Decimal
    statement_id: UUID | None
    current_assets: int | None
    current_liabilities: int | None
    equity: int | None
    total_assets: int | None
    revenue: int | None
    net_profit: int | None
    report_id: UUID | None
    external: int | None
    is_insolvent: bool


class ScoringRun(OwnedRow):
    """All accounts and partners scored as of the end of a day; its job has its id. What it finds `applies` to their
    profiles unless the day had passed. `accounts` and `partners` are how many it scored, None until it has (of an
    earlier release without partners)."""

    __tablename__ = "scoring_run"

    cause: Annotated[ScoringCause, text(nullable=False)]
    as_of: Annotated[date, Field(nullable=False)]
    applies: Annotated[bool, Field(nullable=False)]
    accounts: Annotated[int | None, Field(nullable=True)] = None
    partners: Annotated[int | None, Field(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


class ScoringRunTable(ScoringRun, Base, table=True):
    """Runs."""

    __table_args__ = (
        one_of("cause", ScoringCause),
        sa.CheckConstraint("accounts >= 0", name="accounts"),
        sa.CheckConstraint("partners >= 0", name="partners"),
        sa.Index("ix_scoring_run_created_at_id", "created_at", "id"),
        sa.Index("ix_scoring_run_as_of_id", "as_of", "id"),
        sa.Index("uq_scoring_run_night", "as_of", unique=True, postgresql_where=sa.text("cause = 'nightly'")),
    )


class CreditScore(FrozenRow):
    """What an account, or a partner, was scored: `scored_grade` is what its score, or a default, says; the profile went
    from `grade_before` to `grade_after`."""

    __tablename__ = "credit_score"

    id: Annotated[UUID, identifier(primary_key=True)]
    run_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="scoring_run.id")] = None
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    cause: Annotated[ScoringCause, text(nullable=False)]
    as_of: Annotated[date, Field(nullable=False)]
    scorecard_version: Annotated[int, Field(nullable=False)]
    terms_version: Annotated[int, Field(nullable=False)]
    score: Annotated[int | None, Field(nullable=True)] = None
    points: Annotated[int, Field(nullable=False)]
    max_points: Annotated[int, Field(nullable=False)]
    scored_grade: Annotated[CreditGrade, text(nullable=False)]
    insufficient_data: Annotated[ScoreLack | None, text(nullable=True)] = None
    default_cause: Annotated[DefaultCause | None, text(nullable=True)] = None
    grade_before: Annotated[CreditGrade, text(nullable=False)]
    grade_after: Annotated[CreditGrade, text(nullable=False)]
    recommended_limit: Annotated[int | None, big_int(nullable=True)] = None
    factors: Annotated[tuple[FactorPoints, ...], DECODED, document(nullable=False)]
    figures: Annotated[ScoreFigures, DECODED, document(nullable=False)]
    scored_at: Annotated[datetime, moment(nullable=False)]


class CreditScoreTable(CreditScore, Base, table=True):
    """Scores."""

    __table_args__ = (
        one_of("cause", ScoringCause),
        one_of("scored_grade", CreditGrade),
        one_of("grade_before", CreditGrade),
        one_of("grade_after", CreditGrade),
        one_of("insufficient_data", ScoreLack),
        one_of("default_cause", DefaultCause),
        sa.CheckConstraint("(run_id IS NULL) = (cause = 'rescore')", name="run"),
        sa.CheckConstraint("(score IS NULL) = (insufficient_data IS NOT NULL)", name="score"),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name="subject"),
        sa.UniqueConstraint("run_id", "account_id"),
        sa.Index(
            "uq_credit_score_run_id_partner_id",
            "run_id",
            "partner_id",
            unique=True,
            postgresql_where=sa.text("partner_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_credit_score_partner_id_as_of_id",
            "partner_id",
            "as_of",
            "id",
            postgresql_where=sa.text("partner_id IS NOT NULL"),
        ),
        sa.Index("ix_credit_score_scored_at_id", "scored_at", "id"),
        sa.Index(
            "ix_credit_score_kept",
            "scored_at",
            postgresql_where=sa.text("cause = 'nightly' AND grade_before = grade_after"),
        ),
        sa.Index("ix_credit_score_account_id_as_of_id", "account_id", "as_of", "id"),
    )


class ScoringNight(FrozenRow):
    """The one row that is due when all accounts are scored again."""

    __tablename__ = "scoring_night"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime, moment(nullable=False)]


class ScoringNightTable(ScoringNight, Base, table=True):
    """When the next night is."""

    __table_args__ = (sa.Index("ix_scoring_night_due_at", "due_at"),)


class ScoreSweep(FrozenRow):
    """The one row that is due when scores are looked for that have been kept long enough."""

    __tablename__ = "score_sweep"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime, moment(nullable=False)]


class ScoreSweepTable(ScoreSweep, Base, table=True):
    """When to look next."""

    __table_args__ = (sa.Index("ix_score_sweep_due_at", "due_at"),)
