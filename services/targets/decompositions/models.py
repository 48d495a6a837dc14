"""Table of the decompositions."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, big_int, document, identifier, text
from services.targets.db import Base


class Decomposition(Identified, Versioned, Base, table=True):
    """A split of a target. `children_sum` is kept by a trigger on the targets and compared at commit."""

    __tablename__ = "decomposition"
    __table_args__ = (
        sa.Index("uq_decomposition_crediting", "target_id", unique=True, postgresql_where=sa.text("is_crediting")),
        sa.Index("ix_decomposition_target_id", "target_id", "created_at"),
    )

    target_id: UUID = identifier(nullable=False)
    root_id: UUID = identifier(nullable=False)
    dimension: str = text(nullable=False)
    amount: int = big_int(nullable=False)
    children_sum: int = big_int(nullable=False, default=0, sa_column_kwargs={"server_default": "0"})
    drivers: str = document(nullable=False)
    is_crediting: bool = Field(nullable=False)
