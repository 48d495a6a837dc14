"""Targets as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import computed_field
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from kit.money import MAX_AMOUNT
from services.targets.db import Base
from services.targets.metrics.enums import Unit
from services.targets.metrics.rules import unit_of
from services.targets.targets.enums import Horizon, Metric, TargetState
from services.targets.targets.rules import horizon_of, rate_of


class Target(OwnedRow):
    """A target; a child also says what the split gave without constraints and what decided its amount.

    `authored_by`, `proposed_by` and `approved_by` are token subjects: who wrote it last, and the two persons of its
    approval. `commit_until` is the last day for commits, `closes_on` the day that closes it; of a root `due_at` is the
    first of those in its tree. A cell of a table also belongs to the decomposition `cross_id` of its column, by the key
    of its row; `fitted` is its exact value in thousandths. A balancing child (`is_balancing`) is about nothing and
    nobody's: it holds what its siblings are together beyond (below 0) or short of what is split.

    What belongs to a plan (`plan_id`) is a branch and counts nowhere: a copy of `origin_id`, which amounted to
    `base_amount` then. Of a ratio `amount` is the planned numerator and `base` the planned denominator. `revision` of a
    live root counts how often what is active below it changed.
    """

    __tablename__ = "target"
    __text_keys__: ClassVar = TextKeys(name="name")

    root_id: Annotated[UUID, identifier(nullable=False, index=True)]
    parent_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="target.id", index=True)] = None
    decomposition_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="decomposition.id")] = None
    child_key: Annotated[str | None, text(nullable=True)] = None
    name: Annotated[str, text(nullable=False)]
    metric: Annotated[Metric, text(nullable=False)]
    state: Annotated[TargetState, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    period_start: date
    period_end: date
    unit_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    member_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="member.id", index=True)] = None
    product_line: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    computed: Annotated[int | None, big_int(nullable=True)] = None
    weight: Annotated[int | None, big_int(nullable=True)] = None
    locked: Annotated[int | None, big_int(nullable=True)] = None
    floor: Annotated[int | None, big_int(nullable=True)] = None
    cap: Annotated[int | None, big_int(nullable=True)] = None
    bound: Annotated[str | None, text(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    stretch: Annotated[int | None, big_int(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None
    authored_by: Annotated[str | None, text(nullable=True)] = None
    proposed_by: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    commit_until: Annotated[date | None, Field(nullable=True)] = None
    closes_on: Annotated[date | None, Field(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    closed_value: Annotated[int | None, big_int(nullable=True)] = None
    driver_values: Annotated[tuple[int | None, ...] | None, DECODED, document(nullable=True)] = None
    cross_id: Annotated[UUID | None, identifier(nullable=True)] = None
    cross_key: Annotated[str | None, text(nullable=True)] = None
    fitted: Annotated[int | None, big_int(nullable=True)] = None
    is_balancing: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": "false"})] = False
    plan_id: Annotated[UUID | None, identifier(nullable=True)] = None
    origin_id: Annotated[UUID | None, identifier(nullable=True)] = None
    base_amount: Annotated[int | None, big_int(nullable=True)] = None
    base: Annotated[int | None, big_int(nullable=True)] = None
    revision: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0

    def _horizon(self) -> Horizon:
        return horizon_of(self.period_start, self.period_end)

    def _amount_unit(self) -> Unit:
        return unit_of(self.metric)

    def _rate(self) -> int | None:
        return rate_of(self.amount, self.base)

    horizon = computed_field(property(_horizon))
    rate = computed_field(property(_rate))
    amount_unit = computed_field(property(_amount_unit))


class TargetTable(Target, TextKeyed, Base, table=True):
    """Targets."""

    __table_args__ = (
        *key_indexes("target", Target.__text_keys__),
        sa.CheckConstraint(f"amount BETWEEN -{MAX_AMOUNT} AND {MAX_AMOUNT}", name="amount"),
        sa.CheckConstraint("period_end >= period_start", name="period"),
        one_of("state", TargetState),
        sa.CheckConstraint("(parent_id IS NULL) = (root_id = id)", name="root"),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (decomposition_id IS NULL) AND (parent_id IS NULL) = (child_key IS NULL)",
            name="child",
        ),
        sa.CheckConstraint(
            "NOT is_balancing OR (parent_id IS NOT NULL AND cross_id IS NULL AND owner_id IS NULL AND unit_id IS NULL "
            "AND member_id IS NULL AND product_line IS NULL AND region IS NULL AND customer_type IS NULL)",
            name="balancing",
        ),
        sa.UniqueConstraint("decomposition_id", "child_key"),
        sa.Index("uq_target_balancing", "decomposition_id", unique=True, postgresql_where=sa.text("is_balancing")),
        sa.Index(
            "uq_target_cross", "cross_id", "cross_key", unique=True, postgresql_where=sa.text("cross_id IS NOT NULL")
        ),
        sa.Index("uq_target_external_id", "external_id", unique=True),
        sa.CheckConstraint(
            "plan_id IS NULL OR (state <> 'active' AND external_id IS NULL AND due_at IS NULL)", name="branch"
        ),
        sa.Index("ix_target_plan_id", "plan_id", postgresql_where=sa.text("plan_id IS NOT NULL")),
        sa.Index("ix_target_live", "unit_id", "member_id", "metric", postgresql_where=sa.text("state = 'active'")),
        sa.Index("ix_target_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class TargetVersion(FrozenRow):
    """What a target amounted to from a day on, and who decided it; the first version holds from its period's start."""

    __tablename__ = "target_version"

    target_id: Annotated[UUID, identifier(primary_key=True, foreign_key="target.id")]
    number: Annotated[int, Field(primary_key=True)]
    valid_from: date
    amount: Annotated[int, big_int(nullable=False)]
    base: Annotated[int | None, big_int(nullable=True)] = None
    stretch: Annotated[int | None, big_int(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    plan_id: Annotated[UUID | None, identifier(nullable=True)] = None
    author: Annotated[str | None, text(nullable=True)] = None
    approver: Annotated[str | None, text(nullable=True)] = None
    recorded_at: Annotated[datetime, moment(nullable=False)]


class TargetVersionTable(TargetVersion, Base, table=True):
    """Versions of targets."""
