"""How satisfied accounts are, as a row and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, one_of, text
from services.customer.accounts.enums import SatisfactionLevel
from services.customer.db import Base


class Satisfaction(FrozenRow):
    """An account with those merged into it, as it was found on a day; `sequence` counts what was told of it. At
    `due_at` an answer will be too old to count."""

    __tablename__ = "account_satisfaction"

    id: Annotated[UUID, identifier(primary_key=True, foreign_key="account.id")]
    level: Annotated[SatisfactionLevel | None, text(nullable=True)] = None
    score: Annotated[int | None, Field(nullable=True)] = None
    sample_size: Annotated[int, Field(nullable=False)] = 0
    as_of: Annotated[date | None, Field(nullable=True)] = None
    sequence: Annotated[int, Field(nullable=False)] = 0
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class SatisfactionTable(Satisfaction, Base, table=True):
    """Satisfaction of accounts."""

    __table_args__ = (
        one_of("level", SatisfactionLevel),
        sa.CheckConstraint(
            "(level IS NULL) = (sample_size = 0) AND (score IS NULL) = (sample_size = 0) AND score BETWEEN 0 AND 100",
            name="figures",
        ),
        sa.Index("ix_account_satisfaction_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class SatisfactionMark(FrozenRow):
    """An account is to be looked at; rows are only added, by a trigger of merges too, and taken."""

    __tablename__ = "satisfaction_mark"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class SatisfactionMarkTable(SatisfactionMark, Base, table=True):
    """Accounts to be looked at."""

    __table_args__ = (sa.Index("ix_satisfaction_mark_due_at", "due_at"),)
