"""Opportunities and their steps, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.customer.db import Base, OfOwner
from services.customer.opportunities.enums import OpportunityState
from services.customer.pipelines.enums import ForecastCategory


class Opportunity(OwnedRow):
    """What may become an order.

    `pipeline_id` is the version of the pipeline that it was opened under. `stage_since` is when it came to its stage,
    or was reopened in it; `previous_stage` is the stage before, `days_in_stage` the days spent there. `amount_base` is
    at the rate of the day on which amount or currency were given, `weighted_base` that by `probability` (millionths).
    `opened_on` and `closed_on` are the business days of `opened_at` and `closed_at`. `lost_to` is the competitor.
    """

    __tablename__ = "opportunity"
    __text_keys__: ClassVar = TextKeys(name="name")

    name: Annotated[str, text(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False, sa_column_args=(sa.ForeignKey("account.id"),))]
    contact_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("contact.id"),))] = None
    stream_key: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    state: Annotated[OpportunityState, text(nullable=False)] = OpportunityState.OPEN
    pipeline: Annotated[str, text(nullable=False)]
    pipeline_id: Annotated[UUID, identifier(nullable=False, sa_column_args=(sa.ForeignKey("pipeline.id"),))]
    stage: Annotated[str, text(nullable=False)]
    stage_since: Annotated[datetime, moment(nullable=False)]
    previous_stage: Annotated[str | None, text(nullable=True)] = None
    days_in_stage: Annotated[int | None, Field(nullable=True)] = None
    amount: Annotated[int, big_int(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    amount_base: Annotated[int, big_int(nullable=False)]
    base_currency: Annotated[str, text(nullable=False)]
    probability: Annotated[int, Field(nullable=False)]
    weighted_base: Annotated[int, big_int(nullable=False)]
    forecast_category: Annotated[ForecastCategory, text(nullable=False)]
    expected_close: Annotated[date | None, Field(nullable=True)] = None
    next_step: Annotated[str | None, text(nullable=True)] = None
    competitors: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    deal_id: Annotated[UUID | None, identifier(nullable=True)] = None
    opened_at: Annotated[datetime, moment(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    closed_at: Annotated[datetime | None, moment(nullable=True)] = None
    closed_on: Annotated[date | None, Field(nullable=True)] = None
    order_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("orders.id"),))] = None
    lost_reason: Annotated[str | None, text(nullable=True)] = None
    lost_to: Annotated[str | None, text(nullable=True)] = None
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None


class ShownOpportunity(Opportunity):
    """An opportunity as it is seen on a business day."""

    overdue: bool


def as_of(today: date, opportunity: Opportunity) -> ShownOpportunity:
    """What is open is overdue from the day after it was expected to close."""
    due = opportunity.expected_close if opportunity.state == OpportunityState.OPEN else None
    return ShownOpportunity.model_construct(None, overdue=due is not None and due < today, **opportunity.__dict__)


class OpportunityTable(Opportunity, TextKeyed, OfOwner, Base, table=True):
    """Opportunities."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        one_of("state", OpportunityState),
        one_of("forecast_category", ForecastCategory),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_on IS NULL) "
            "AND (state = 'open') = (forecast_category <> 'closed') AND (state = 'lost') = (lost_reason IS NOT NULL) "
            "AND (lost_to IS NULL OR state = 'lost') AND (order_id IS NULL OR state = 'won')",
            name="closed",
        ),
        sa.CheckConstraint(
            f"probability BETWEEN 0 AND {SHARE_WHOLE} AND (state <> 'won' OR probability = {SHARE_WHOLE}) "
            "AND (state <> 'lost' OR probability = 0)",
            name="probability",
        ),
        sa.CheckConstraint(
            f"amount BETWEEN 0 AND {MAX_AMOUNT} AND amount_base BETWEEN 0 AND {MAX_AMOUNT} "
            "AND weighted_base BETWEEN 0 AND amount_base",
            name="amounts",
        ),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        *key_indexes("opportunity", Opportunity.__text_keys__, "owner_id"),
        sa.Index("ix_opportunity_created_at_id", "created_at", "id"),
        sa.Index("ix_opportunity_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_opportunity_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_opportunity_account_owner_id_expected_close_id", "account_owner_id", "expected_close", "id"),
        sa.Index("ix_opportunity_account_owner_id_amount_base_id", "account_owner_id", "amount_base", "id"),
        sa.Index("ix_opportunity_owner_id_expected_close_id", "owner_id", "expected_close", "id"),
        sa.Index("ix_opportunity_owner_id_amount_base_id", "owner_id", "amount_base", "id"),
        sa.Index("ix_opportunity_account_owner_id_name_sort_id", "account_owner_id", "name_sort", "id"),
        sa.Index("ix_opportunity_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_opportunity_pipeline_stage_created_at_id", "pipeline", "stage", "created_at", "id"),
        sa.Index("ix_opportunity_pipeline_opened_on", "pipeline", "opened_on"),
        sa.Index("ix_opportunity_amount_base_id", "amount_base", "id"),
        sa.Index("ix_opportunity_expected_close_id", "expected_close", "id"),
        sa.Index("ix_opportunity_open", "expected_close", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_opportunity_order_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")),
    )


class OpportunityStep(FrozenRow):
    """An opportunity came to a stage or a state, and when; steps are only added, in the order of `entered_at`."""

    __tablename__ = "opportunity_step"

    opportunity_id: Annotated[UUID, identifier(primary_key=True, foreign_key="opportunity.id")]
    seq: Annotated[int, Field(primary_key=True)]
    from_stage: Annotated[str | None, text(nullable=True)] = None
    to_stage: Annotated[str, text(nullable=False)]
    state: Annotated[OpportunityState, text(nullable=False)]
    entered_at: Annotated[datetime, moment(nullable=False)]
    entered_by: Annotated[str, text(nullable=False)]


class OpportunityStepTable(OpportunityStep, Base, table=True):
    """Steps of opportunities."""

    __table_args__ = (one_of("state", OpportunityState),)
