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
    params: dict[str, str | int] | None = None
    basis: Basis | None = None
    profile: ProfileWeights | None = None


class DecompositionRow(OwnedRow):
    """A split of a target. `children_sum` is kept by a trigger on the targets and compared at commit."""

    __tablename__ = "decomposition"

    target_id: Annotated[UUID, identifier(nullable=False)]
    root_id: Annotated[UUID, identifier(nullable=False)]
    dimension: Annotated[Dimension, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    children_sum: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    drivers: Annotated[tuple[DriverPart, ...], DECODED, document(nullable=False)]
    is_crediting: Annotated[bool, Field(nullable=False)]


class DecompositionTable(DecompositionRow, Base, table=True):
    """Decompositions."""

    __table_args__ = (
        sa.Index("uq_decomposition_crediting", "target_id", unique=True, postgresql_where=sa.text("is_crediting")),
        sa.Index("ix_decomposition_target_id", "target_id", "created_at"),
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


class Decomposition(DecompositionRow):
    """A decomposition with its children, by key; `overlapping` when one is about a unit above that of another."""

    children: Annotated[tuple[ChildTarget, ...], DECODED]
    overlapping: bool
