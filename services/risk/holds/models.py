"""Holds as rows and as tables: `credit_hold` is written by `ledger` alone; when to look for overdue items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.holds.enums import HoldState
from services.risk.profiles.enums import HoldReason, SubjectKind


class CreditHold(FrozenRow):
    """A hold, through `until` where it has an end. `placed_by` and `lifted_by` are people (None: the rule), `reason`
    and `lift_reason` their words; `waived_until` is the last day on which the rule does not place it again."""

    __tablename__ = "credit_hold"

    id: Annotated[UUID, identifier(primary_key=True)]
    version: Annotated[int, Field(nullable=False)]
    subject_kind: Annotated[SubjectKind, text(nullable=False)]
    subject_id: Annotated[UUID, identifier(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    hold_reason: Annotated[HoldReason, text(nullable=False)]
    state: Annotated[HoldState, text(nullable=False)]
    until: Annotated[date | None, Field(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    placed_by: Annotated[str | None, text(nullable=True)] = None
    placed_on: Annotated[date, Field(nullable=False)]
    placed_at: Annotated[datetime, moment(nullable=False)]
    lift_reason: Annotated[str | None, text(nullable=True)] = None
    lifted_by: Annotated[str | None, text(nullable=True)] = None
    lifted_on: Annotated[date | None, Field(nullable=True)] = None
    lifted_at: Annotated[datetime | None, moment(nullable=True)] = None
    waived_until: Annotated[date | None, Field(nullable=True)] = None


class CreditHoldTable(CreditHold, Base, table=True):
    """Holds."""

    __table_args__ = (
        one_of("subject_kind", SubjectKind),
        one_of("hold_reason", HoldReason),
        one_of("state", HoldState),
        sa.CheckConstraint(
            "(state = 'lifted') = (lifted_on IS NOT NULL) AND (state = 'lifted') = (lifted_at IS NOT NULL) "
            "AND version = CASE state WHEN 'lifted' THEN 2 ELSE 1 END",
            name="lifted",
        ),
        sa.Index(
            "uq_credit_hold_standing",
            "subject_id",
            "hold_reason",
            unique=True,
            postgresql_where=sa.text("state = 'standing'"),
        ),
        sa.Index("ix_credit_hold_placed_at_id", "placed_at", "id"),
        sa.Index("ix_credit_hold_subject_id_placed_at_id", "subject_id", "placed_at", "id"),
        sa.Index("ix_credit_hold_ends", "until", postgresql_where=sa.text("state = 'standing' AND until IS NOT NULL")),
        sa.Index(
            "ix_credit_hold_waived",
            "subject_id",
            "waived_until",
            postgresql_where=sa.text("waived_until IS NOT NULL"),
        ),
    )


class HoldSweep(FrozenRow):
    """The one row that is due when the state of all accounts is looked at again."""

    __tablename__ = "hold_sweep"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime, moment(nullable=False)]


class HoldSweepTable(HoldSweep, Base, table=True):
    """When to look again."""

    __table_args__ = (sa.Index("ix_hold_sweep_due_at", "due_at"),)
