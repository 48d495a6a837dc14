"""Marks of what indicators are read from, as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, identifiers, moment, text
from services.risk.db import Base
from services.risk.marks.enums import IndicatorMeasure

NOBODY: Final = {"server_default": "{}"}


class Touched(NamedTuple):
    """Whom a fact touches: accounts (with all that are one with them), and whatever else an indicator may be of
    (partners, channels, targets, regions, product lines), by id or name. The company is touched by every fact; the
    `days` are those whose sums are not any more what they were."""

    account_ids: frozenset[UUID] = frozenset()
    members: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()


class IndicatorMark(FrozenRow):
    """What a measure is read from has changed, for everybody (`is_whole`) or for those that are named, on `days` (None,
    of the release before: nobody said which). Marks are added, never changed: nobody waits to leave one."""

    __tablename__ = "indicator_mark"

    id: Annotated[UUID, identifier(primary_key=True)]
    measure: Annotated[IndicatorMeasure, text(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]
    is_whole: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": sa.true()})] = True
    account_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False, sa_column_kwargs=NOBODY)] = ()
    members: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False, sa_column_kwargs=NOBODY)] = ()
    days: Annotated[tuple[date, ...] | None, Field(sa_type=sa.ARRAY(sa.Date), nullable=True)] = None


class IndicatorMarkTable(IndicatorMark, Base, table=True):
    """Marks of measures."""

    __table_args__ = (sa.Index("ix_indicator_mark_due_at", "due_at"),)
