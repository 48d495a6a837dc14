"""Adjustments as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.targets.action_plans.models import ActionItem
from services.targets.adjustments.enums import (
    AdjustmentStrategy,
    AdjustmentTrigger,
    EffectLack,
    SalesAdjustmentState,
)
from services.targets.day_profiles.enums import Basis
from services.targets.db import Base


class EffectSpan(FrozenRow):
    """Days that are compared: what they brought, and what they weigh in 1e-6 of a mean day (rounded)."""

    first: date
    last: date
    actual: int
    weight: int


class EffectMissing(FrozenRow):
    """Why there is no effect: what there is of what is needed."""

    reason: EffectLack
    have: int
    need: int


class AdjustmentEffect(FrozenRow):
    """What an adjustment brought, at the end of a day; `overlapping` are others that were executed in the days that are
    compared, in a scope that meets this one."""

    as_of: date
    formula_version: int
    sample_size: int
    working_days: int
    basis: Basis | None = None
    before: EffectSpan | None = None
    after: EffectSpan | None = None
    expected: int | None = None
    effect: int | None = None
    p10: int | None = None
    p90: int | None = None
    draws: int | None = None
    seed: int | None = None
    overlapping: tuple[UUID, ...] = ()
    insufficient_data: EffectMissing | None = None


class Adjustment(OwnedRow):
    """What is done when a target is not on its way. `due_at` is when the next measure becomes overdue while it is
    executed, and when its effect is measured afterwards. Persons are token subjects."""

    __tablename__ = "adjustment"

    target_id: Annotated[UUID, identifier(nullable=False)]
    root_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    trigger: Annotated[AdjustmentTrigger, text(nullable=False)]
    alert_id: Annotated[UUID | None, identifier(nullable=True)] = None
    risk_alert_id: Annotated[UUID | None, identifier(nullable=True)] = None
    strategy: Annotated[AdjustmentStrategy, text(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    measures: Annotated[tuple[ActionItem, ...], DECODED, document(nullable=False)] = ()
    plan_id: Annotated[UUID | None, identifier(nullable=True)] = None
    expected_effect: Annotated[int | None, big_int(nullable=True)] = None
    state: Annotated[SalesAdjustmentState, text(nullable=False)]
    authored_by: Annotated[str, text(nullable=False)]
    proposed_by: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    executed_by: Annotated[str | None, text(nullable=True)] = None
    started_on: Annotated[date | None, Field(nullable=True)] = None
    executed_on: Annotated[date | None, Field(nullable=True)] = None
    measured_on: Annotated[date | None, Field(nullable=True)] = None
    effect: Annotated[AdjustmentEffect | None, DECODED, document(nullable=True)] = None
    overdue: Annotated[int, Field(nullable=False)] = 0
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class AdjustmentTable(Adjustment, Base, table=True):
    """Adjustments."""

    __table_args__ = (
        one_of("trigger", AdjustmentTrigger),
        one_of("strategy", AdjustmentStrategy),
        one_of("state", SalesAdjustmentState),
        sa.CheckConstraint("(trigger = 'alert') = (alert_id IS NOT NULL)", name="alert_id"),
        sa.CheckConstraint("(trigger = 'risk_alert') = (risk_alert_id IS NOT NULL)", name="risk_alert_id"),
        sa.CheckConstraint("(state IN ('executed', 'measured')) = (executed_on IS NOT NULL)", name="executed_on"),
        sa.CheckConstraint("(state = 'measured') = (effect IS NOT NULL)", name="effect"),
        sa.CheckConstraint("due_at IS NULL OR state IN ('executing', 'executed')", name="due_at"),
        sa.Index("ix_adjustment_target_id", "target_id"),
        sa.Index("ix_adjustment_plan_id", "plan_id", postgresql_where=sa.text("plan_id IS NOT NULL")),
        sa.Index("ix_adjustment_created_at_id", "created_at", "id"),
        sa.Index("ix_adjustment_started_on", "started_on", postgresql_where=sa.text("started_on IS NOT NULL")),
        sa.Index("ix_adjustment_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
