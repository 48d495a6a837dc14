"""Bodies of evaluations: amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import BusinessDate, Code, LongText, Schema
from services.channels.tier_evaluations.enums import AppealState, TierEvaluationState, TierMove
from services.channels.tier_evaluations.rules import FORMULA_VERSION
from services.channels.tier_programmes.enums import TierMetric
from services.channels.tier_programmes.schemas import TierBenefitsBody

Written = Annotated[LongText, Field(min_length=1)]


class TierEvaluationCreate(Schema):
    """Judge all partners that sell, or are suspended, over the days from `period_from` to `period_to`. `programme_id`
    is any version of the programme; the one that counts on the last day judges."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme_id": "01989f2e-0000-7000-8000-0000000000bd",
                "period_from": "2025-01-01",
                "period_to": "2025-03-31",
            }
        }
    )

    programme_id: UUID
    period_from: BusinessDate
    period_to: BusinessDate


class TierEvaluationPublish(Schema):
    """The day from which the levels count, later than today."""

    model_config = ConfigDict(json_schema_extra={"example": {"effective_from": "2100-01-01"}})

    effective_from: BusinessDate


class TierAppealCreate(Schema):
    """Why a partner disagrees."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Two orders of March are missing."}})

    reason: Written


class TierAppealDecide(Schema):
    """Whether the partner is right. If so it has `level`, which is null for none; without it the level that it had
    until then. What was published already is corrected from `effective_from` on, a later day (default: the day after,
    but not before the evaluation's own)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"is_upheld": True, "level": "gold", "note": "They were entered late."}}
    )

    is_upheld: bool
    level: Code | None = None
    effective_from: BusinessDate | None = None
    note: Written


class TierEvaluationRead(Schema):
    """An evaluation. `as_of` is the day on which its inputs were taken; orders that are entered later for days before
    change nothing of it. Growth compares with the days from `before_from` to `before_to`."""

    id: UUID
    programme_id: UUID
    programme_code: str
    formula_version: int = FORMULA_VERSION
    period_from: date
    period_to: date
    before_from: date
    before_to: date
    as_of: date
    state: TierEvaluationState
    partners: int | None
    ups: int | None
    downs: int | None
    effective_from: date | None
    created_by: str
    published_by: str | None
    published_on: date | None
    appeal_until: date | None
    version: int
    created_at: datetime
    updated_at: datetime


class TierOrderRead(Schema):
    """An order as it was counted, net of what had come back."""

    order_id: UUID
    order_date: date
    net: int


class TierEvidenceRead(Schema):
    """What figures were made of. `order_list` are the largest orders of the period, at most ten; `first_order` and
    `last_order` are dates."""

    orders: int
    first_order: date | None
    last_order: date | None
    revenue_before: int
    order_list: list[TierOrderRead]
    deals_won: int
    deals_decided: int
    answers: int
    certificate_numbers: list[str]
    conflict_numbers: list[str]


class TierLackRead(Schema):
    """What a level asks for and the partner has not. `missing` = threshold - value, of conflicts value - threshold;
    null where the value is (`insufficient_data`)."""

    metric: TierMetric
    threshold: int
    value: int | None
    missing: int | None


class TierResultRead(Schema):
    """What an evaluation says of a partner.

    - `growth` is null over 0 or less, `deals_won` of fewer than three decided deals, `satisfaction` of fewer than five
      answers: insufficient data, which holds for no threshold.
    - `found_level` is the highest whose thresholds all hold; `old_level` the one until then, `new_level` from then on.
    - `failures`: failing evaluations in a row; the second leads a level down.
    - `missing`: what `next_level`, the one above `new_level`, asks for besides.
    """

    id: UUID
    evaluation_id: UUID
    partner_id: UUID
    old_level: str | None
    found_level: str | None
    new_level: str | None
    new_rank: int | None
    move: TierMove
    failures: int
    revenue: int
    growth: int | None
    deals_won: int | None
    certificates: int
    satisfaction: int | None
    conflicts: int
    evidence: TierEvidenceRead
    next_level: str | None
    missing: list[TierLackRead]
    appeal_state: AppealState
    appeal_reason: str
    appealed_by: str | None
    appealed_on: date | None
    decided_by: str | None
    decided_on: date | None
    decision_note: str
    version: int
    created_at: datetime
    updated_at: datetime


class PartnerTierQuery(Schema):
    """Which programme; without it the one that gave the partner a level last."""

    programme_code: Code | None = None


class TierStepRead(Schema):
    """A level from a day on; `is_correction`: by an appeal. The highest `tier_version` of those in effect counts."""

    level: str | None
    rank: int | None
    effective_from: date
    evaluation_id: UUID
    programme_id: UUID
    is_correction: bool
    tier_version: int


class PartnerTierRead(Schema):
    """The level of a partner on the day `as_of` with what it gives, and what the next one lacks by the evaluation that
    was published last. All null without a level; `history`, the newest first, names also what counts from a later
    day."""

    partner_id: UUID
    as_of: date
    programme_code: str | None = None
    level: str | None = None
    name: str | None = None
    rank: int | None = None
    benefits: TierBenefitsBody | None = None
    effective_from: date | None = None
    evaluation_id: UUID | None = None
    period_from: date | None = None
    period_to: date | None = None
    next_level: str | None = None
    missing: Annotated[list[TierLackRead], Field(max_length=100)] = Field(default_factory=list)
    history: Annotated[list[TierStepRead], Field(max_length=100)] = Field(default_factory=list)


TierEvaluationPage = page_of(TierEvaluationRead)
TierResultPage = page_of(TierResultRead)
