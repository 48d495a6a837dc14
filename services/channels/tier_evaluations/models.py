"""Evaluations, what they found of each partner, and the levels of partners, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, one_of, text
from services.channels.db import Base
from services.channels.tier_evaluations.enums import AppealState, TierEvaluationState, TierMove
from services.channels.tier_programmes.enums import TierMetric

OPEN = "state IN ('calculating', 'previewed', 'publishing')"


class TierEvaluation(OwnedRow):
    """A programme over a period, as known on the day `as_of`; the job that calculates it has its id.

    Until it is calculated `partners` is None, and so are `ups` and `downs`. `programme_id` is the version that counts
    on the last day. Appeals are taken until `appeal_until`, which is known once it is published.
    """

    __tablename__ = "tier_evaluation"

    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_code: Annotated[str, text(nullable=False)]
    period_from: Annotated[date, Field(nullable=False)]
    period_to: Annotated[date, Field(nullable=False)]
    before_from: Annotated[date, Field(nullable=False)]
    before_to: Annotated[date, Field(nullable=False)]
    as_of: Annotated[date, Field(nullable=False)]
    state: Annotated[TierEvaluationState, text(nullable=False)]
    partners: Annotated[int | None, Field(nullable=True)] = None
    ups: Annotated[int | None, Field(nullable=True)] = None
    downs: Annotated[int | None, Field(nullable=True)] = None
    effective_from: Annotated[date | None, Field(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]
    published_by: Annotated[str | None, text(nullable=True)] = None
    published_on: Annotated[date | None, Field(nullable=True)] = None
    appeal_until: Annotated[date | None, Field(nullable=True)] = None


class TierEvaluationTable(TierEvaluation, Base, table=True):
    """Evaluations."""

    __table_args__ = (
        one_of("state", TierEvaluationState),
        sa.CheckConstraint("period_from <= period_to AND before_to < period_from", name="period"),
        sa.CheckConstraint(
            "state NOT IN ('publishing', 'published') OR (effective_from IS NOT NULL AND published_by IS NOT NULL)",
            name="effective_from",
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_on IS NOT NULL AND appeal_until IS NOT NULL)", name="published"
        ),
        sa.Index(
            "uq_tier_evaluation_open",
            "programme_code",
            "period_from",
            "period_to",
            unique=True,
            postgresql_where=sa.text(OPEN),
        ),
        sa.Index(
            "uq_tier_evaluation_publishing",
            "programme_code",
            unique=True,
            postgresql_where=sa.text("state = 'publishing'"),
        ),
        sa.Index(
            "uq_tier_evaluation_published",
            "programme_code",
            "period_to",
            unique=True,
            postgresql_where=sa.text("state = 'published'"),
        ),
        sa.Index("ix_tier_evaluation_created_at_id", "created_at", "id"),
        sa.Index("ix_tier_evaluation_period_to_id", "period_to", "id"),
    )


class TierOrder(FrozenRow):
    """An order as it was counted."""

    order_id: UUID
    order_date: date
    net: int


class TierEvidence(FrozenRow):
    """What figures were made of: `order_list` are the largest orders of the period, `numbers` name what is counted."""

    orders: int
    first_order: date | None
    last_order: date | None
    revenue_before: int
    order_list: tuple[TierOrder, ...]
    deals_won: int
    deals_decided: int
    answers: int
    certificate_numbers: tuple[str, ...]
    conflict_numbers: tuple[str, ...]


class TierLack(FrozenRow):
    """What the next level asks for and the partner has not."""

    metric: TierMetric
    threshold: int
    value: int | None
    missing: int | None


class TierResult(OwnedRow):
    """What an evaluation says of a partner: figures, the level they reach (`found_level`), the one that it had and the
    one that it has then. `old_version` is that of its level until then (0: none), `failures` are failing evaluations
    in a row with this one. `missing` is what `next_level` asks for besides."""

    __tablename__ = "tier_result"

    evaluation_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    old_level: Annotated[str | None, text(nullable=True)] = None
    old_version: Annotated[int, Field(nullable=False)]
    found_level: Annotated[str | None, text(nullable=True)] = None
    new_level: Annotated[str | None, text(nullable=True)] = None
    new_rank: Annotated[int | None, Field(nullable=True)] = None
    move: Annotated[TierMove, text(nullable=False)]
    failures: Annotated[int, Field(nullable=False)]
    revenue: Annotated[int, big_int(nullable=False)]
    growth: Annotated[int | None, big_int(nullable=True)] = None
    deals_won: Annotated[int | None, Field(nullable=True)] = None
    certificates: Annotated[int, Field(nullable=False)]
    satisfaction: Annotated[int | None, Field(nullable=True)] = None
    conflicts: Annotated[int, Field(nullable=False)]
    evidence: Annotated[Annotated[TierEvidence, DECODED], document(nullable=False)]
    next_level: Annotated[str | None, text(nullable=True)] = None
    missing: Annotated[Annotated[tuple[TierLack, ...], DECODED], document(nullable=False)] = ()
    appeal_state: Annotated[AppealState, text(nullable=False)] = AppealState.NONE
    appeal_reason: Annotated[str, text(nullable=False)] = ""
    appealed_by: Annotated[str | None, text(nullable=True)] = None
    appealed_on: Annotated[date | None, Field(nullable=True)] = None
    decided_by: Annotated[str | None, text(nullable=True)] = None
    decided_on: Annotated[date | None, Field(nullable=True)] = None
    decision_note: Annotated[str, text(nullable=False)] = ""


class TierResultTable(TierResult, Base, table=True):
    """Results."""

    __table_args__ = (
        one_of("move", TierMove),
        one_of("appeal_state", AppealState),
        sa.CheckConstraint("(appeal_state = 'none') = (appealed_by IS NULL)", name="appealed"),
        sa.CheckConstraint("(appeal_state IN ('upheld', 'rejected')) = (decided_by IS NOT NULL)", name="decided"),
        sa.UniqueConstraint("evaluation_id", "partner_id"),
        sa.Index("ix_tier_result_evaluation_id_move", "evaluation_id", "move", "partner_id"),
        sa.Index("ix_tier_result_evaluation_id_revenue", "evaluation_id", "revenue", "id"),
        sa.Index("ix_tier_result_partner_id", "partner_id", "evaluation_id"),
        sa.Index("ix_tier_result_appealed", "evaluation_id", postgresql_where=sa.text("appeal_state = 'open'")),
    )


class PartnerTier(FrozenRow):
    """The level of a partner in a programme from a day on, as an evaluation gave it, or the decision of an appeal
    against it (`is_correction`). It is there for nobody until it `is_live`: all rows of an evaluation are from one
    moment on. Of those that are effective the one with the highest `tier_version` counts."""

    __tablename__ = "partner_tier"

    evaluation_id: Annotated[UUID, identifier(primary_key=True)]
    partner_id: Annotated[UUID, identifier(primary_key=True)]
    is_correction: Annotated[bool, Field(primary_key=True)]
    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_code: Annotated[str, text(nullable=False)]
    level: Annotated[str | None, text(nullable=True)] = None
    rank: Annotated[int | None, Field(nullable=True)] = None
    effective_from: Annotated[date, Field(nullable=False)]
    is_live: Annotated[bool, Field(nullable=False)]
    tier_version: Annotated[int, Field(nullable=False)]


class PartnerTierTable(PartnerTier, Base, table=True):
    """Levels of partners."""

    __table_args__ = (
        sa.CheckConstraint("(level IS NULL) = (rank IS NULL)", name="level"),
        sa.Index(
            "uq_partner_tier_version",
            "partner_id",
            "tier_version",
            unique=True,
            postgresql_where=sa.text("is_live"),
        ),
    )
