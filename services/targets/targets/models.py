"""Targets as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import DECODED, OwnedRow, big_int, document, identifier, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from kit.money import MAX_AMOUNT
from services.targets.db import Base
from services.targets.targets.enums import Metric, TargetState


class Target(OwnedRow):
    """A target; a child also says what the split gave without constraints and what decided its amount."""

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
    computed: Annotated[int | None, big_int(nullable=True)] = None
    weight: Annotated[int | None, big_int(nullable=True)] = None
    locked: Annotated[int | None, big_int(nullable=True)] = None
    floor: Annotated[int | None, big_int(nullable=True)] = None
    cap: Annotated[int | None, big_int(nullable=True)] = None
    bound: Annotated[str | None, text(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    driver_values: Annotated[tuple[int | None, ...] | None, DECODED, document(nullable=True)] = None


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
        sa.UniqueConstraint("decomposition_id", "child_key"),
    )
