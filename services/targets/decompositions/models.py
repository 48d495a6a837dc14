"""Decompositions as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, text
from services.targets.day_profiles.enums import Basis
from services.targets.db import Base
from services.targets.decompositions.enums import Dimension, DriverKind
from services.targets.targets.enums import TargetState


class ProfileWeights(FrozenRow):
    """Weights of a day profile: of the classes of days, and of the months."""

    classes: tuple[int, ...]
    months: tuple[int, ...]


class DriverPart(FrozenRow):
    """One part of the mix of weights; of seasonality also what its values rest on, and the profile itself."""

    kind: DriverKind
    weight: int
    params: dict[str, str | int | list[int]] | None = None
    basis: Basis | None = None
    profile: ProfileWeights | None = None


class DecompositionRow(OwnedRow):
    """A split of a target. `children_sum` is kept by a trigger on the targets and compared at commit.

    A retired one (`retired_on`) says how it was: its children are closed, and need not sum to a target that changes
    later. `over_assignment` is the share (1e-6) by which the children pass the amount, a balancing one holding the
    difference.
    The cells of a table (`table_id`) are the children of its rows; a cross decomposition is that of a column, over the
    same cells. `carried` is what of a balancing child was carried over from ended periods; `origin_id` is what it is a
    copy of in a plan. `bases_sum` is false of what an early release wrote of a ratio: the planned denominators of its
    children need not sum to its target's."""

    __tablename__ = "decomposition"

    target_id: Annotated[UUID, identifier(nullable=False)]
    root_id: Annotated[UUID, identifier(nullable=False)]
    dimension: Annotated[Dimension, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    children_sum: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    over_assignment: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    drivers: Annotated[tuple[DriverPart, ...], DECODED, document(nullable=False)]
    is_crediting: Annotated[bool, Field(nullable=False)]
    table_id: Annotated[UUID | None, identifier(nullable=True)] = None
    is_cross: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": "false"})] = False
    carried: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    origin_id: Annotated[UUID | None, identifier(nullable=True)] = None
    retired_on: Annotated[date | None, Field(nullable=True)] = None
    bases_sum: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": "true"})] = True


class DecompositionTable(DecompositionRow, Base, table=True):
    """Decompositions."""

    __table_args__ = (
        sa.Index("uq_decomposition_crediting", "target_id", unique=True, postgresql_where=sa.text("is_crediting")),
        sa.Index("ix_decomposition_target_id", "target_id", "created_at"),
        sa.Index("ix_decomposition_table_id", "table_id", postgresql_where=sa.text("table_id IS NOT NULL")),
    )


class ChildTarget(FrozenRow):
    """A child as its decomposition shows it."""

    target_id: UUID
    key: str
    name: str
    state: TargetState
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    amount: int
    computed: int
    weight: int | None
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    reason: str | None
    driver_values: tuple[int | None, ...] | None
    is_balancing: bool


class Decomposition(DecompositionRow):
    """A decomposition with its children, by key; `overlapping` when one is about a unit above that of another."""

    children: Annotated[tuple[ChildTarget, ...], DECODED]
    overlapping: bool
