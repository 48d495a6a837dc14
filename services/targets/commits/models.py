"""Commits as rows and as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, text
from kit.money import MAX_AMOUNT
from services.targets.db import Base


class TargetCommit(FrozenRow):
    """What somebody commits to for a target; of its numbers the last one counts. Without an amount there is none."""

    __tablename__ = "target_commit"

    target_id: Annotated[UUID, identifier(primary_key=True, foreign_key="target.id")]
    number: Annotated[int, Field(primary_key=True)]
    amount: Annotated[int | None, big_int(nullable=True)]
    note: Annotated[str, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]
    committed_at: Annotated[datetime, moment(nullable=False)]


class TargetCommitTable(TargetCommit, Base, table=True):
    """Commits."""

    __table_args__ = (sa.CheckConstraint(f"amount BETWEEN -{MAX_AMOUNT} AND {MAX_AMOUNT}", name="amount"),)
