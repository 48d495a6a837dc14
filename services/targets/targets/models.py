"""Targets as rows and as a table."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import OwnedRow, big_int, identifier, one_of, text
from kit.money import MAX_AMOUNT
from services.targets.db import Base
from services.targets.targets.enums import Metric, TargetState


class Target(OwnedRow):
    """A target; a child also says what the split gave without constraints and what decided its amount."""

    __tablename__ = "target"

    root_id: UUID = identifier(nullable=False, index=True)
    parent_id: UUID | None = identifier(default=None, nullable=True, foreign_key="target.id", index=True)
    decomposition_id: UUID | None = identifier(default=None, nullable=True, foreign_key="decomposition.id")
    child_key: str | None = text(default=None, nullable=True)
    name: str = text(nullable=False)
    metric: Metric = text(nullable=False)
    state: TargetState = text(nullable=False)
    currency: str = text(nullable=False)
    amount: int = big_int(nullable=False)
    period_start: date
    period_end: date
    unit_id: UUID | None = identifier(default=None, nullable=True, foreign_key="unit.id", index=True)
    member_id: UUID | None = identifier(default=None, nullable=True, foreign_key="member.id", index=True)
    product_line: str | None = text(default=None, nullable=True)
    region: str | None = text(default=None, nullable=True)
    customer_type: str | None = text(default=None, nullable=True)
    computed: int | None = big_int(default=None, nullable=True)
    weight: int | None = big_int(default=None, nullable=True)
    locked: int | None = big_int(default=None, nullable=True)
    floor: int | None = big_int(default=None, nullable=True)
    cap: int | None = big_int(default=None, nullable=True)
    bound: str | None = text(default=None, nullable=True)
    reason: str | None = text(default=None, nullable=True)


class TargetTable(Target, Base, table=True):
    """Targets."""

    __table_args__ = (
        sa.CheckConstraint(f"amount BETWEEN -{MAX_AMOUNT} AND {MAX_AMOUNT}", name="amount"),
        sa.CheckConstraint("period_end >= period_start", name="period"),
        one_of("state", TargetState),
        sa.CheckConstraint("(parent_id IS NULL) = (root_id = id)", name="root"),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (decomposition_id IS NULL) AND (parent_id IS NULL) = (child_key IS NULL)",
            name="child",
        ),
        sa.UniqueConstraint("decomposition_id", "child_key"),
    )
