"""Where accounts stand, and where they stood, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, document, identifier, moment, one_of, text
from services.customer.accounts.enums import LifecycleStage
from services.customer.churn.enums import ChurnFactor
from services.customer.db import Base
from services.customer.lifecycle.rules import Standing


class Factor(FrozenRow):
    """A part of the points of an account."""

    factor: ChurnFactor
    weight: int


class Judgement(FrozenRow):
    """What was found of an account that has enough order days to be judged, on the day it was last looked at; chances
    are None without a fit."""

    scored_on: date
    policy_version: int
    fit_id: UUID | None
    factors: tuple[Factor, ...]
    order_days: int
    rhythm: float
    p_alive: float | None
    p_silent: float | None
    expected_orders: float | None


class Lifecycle(FrozenRow):
    """Where an account, whose id this is, stands since when. It is looked at again on `next_check_on`, whose first
    moment is `due_at`; `sequence` counts what was told of it, `returned_on` is there while it is won back, `warned_on`
    while it is warned of. `score` and `judgement` are None with too few order days."""

    __tablename__ = "account_lifecycle"

    id: Annotated[UUID, identifier(primary_key=True, foreign_key="account.id")]
    stage: Annotated[LifecycleStage, text(nullable=False)]
    since: Annotated[date, Field(nullable=False)]
    returned_on: Annotated[date | None, Field(nullable=True)] = None
    order_days: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    first_order_date: Annotated[date | None, Field(nullable=True)] = None
    last_order_date: Annotated[date | None, Field(nullable=True)] = None
    policy_version: Annotated[int | None, Field(nullable=True)] = None
    sequence: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    next_check_on: Annotated[date | None, Field(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    warned_on: Annotated[date | None, Field(nullable=True)] = None
    score: Annotated[int | None, Field(nullable=True)] = None
    judgement: Annotated[Judgement | None, DECODED, document(nullable=True)] = None

    @property
    def standing(self) -> Standing:
        """What the rules work on."""
        return Standing(self.stage, self.since, self.returned_on, self.warned_on)


class LifecycleTable(Lifecycle, Base, table=True):
    """Stages of accounts."""

    __table_args__ = (
        one_of("stage", LifecycleStage),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.Index("ix_account_lifecycle_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("ix_account_lifecycle_warned", "score", "id", postgresql_where=sa.text("warned_on IS NOT NULL")),
    )


class StageEntry(FrozenRow):
    """A stage that an account entered on a day, in the order of `position`; it is never changed."""

    __tablename__ = "account_stage"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False, foreign_key="account.id")]
    position: Annotated[int, Field(nullable=False)]
    stage: Annotated[LifecycleStage, text(nullable=False)]
    since: Annotated[date, Field(nullable=False)]
    policy_version: Annotated[int | None, Field(nullable=True)] = None
    recorded_at: Annotated[datetime, moment(nullable=False)]


class StageEntryTable(StageEntry, Base, table=True):
    """Stages that accounts entered."""

    __table_args__ = (
        one_of("stage", LifecycleStage),
        sa.UniqueConstraint("account_id", "position"),
        sa.Index(None, "account_id", "recorded_at", "id"),
    )


class LifecycleMark(FrozenRow):
    """An account is to be looked at from `due_at` on; rows are only added, by triggers too, and taken."""

    __tablename__ = "lifecycle_mark"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class LifecycleMarkTable(LifecycleMark, Base, table=True):
    """Accounts to be looked at."""

    __table_args__ = (sa.Index("ix_lifecycle_mark_due_at", "due_at"),)
