"""What customer says of accounts beyond what they are: grade, stage of life, segments; as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, text
from services.channels.db import Base


class AccountGrade(FrozenRow):
    """The grade of an account; None is none."""

    __tablename__ = "account_grade"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    grade: Annotated[str | None, text(nullable=True)]
    changed_at: Annotated[datetime, moment(nullable=False)]


class AccountGradeTable(AccountGrade, Base, table=True):
    """Grades."""


class AccountStage(FrozenRow):
    """The stage of life of an account."""

    __tablename__ = "account_stage"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    stage: Annotated[str, text(nullable=False)]
    changed_at: Annotated[datetime, moment(nullable=False)]


class AccountStageTable(AccountStage, Base, table=True):
    """Stages."""


class AccountSegment(FrozenRow):
    """Whether an account is in a segment, as of a version of it."""

    __tablename__ = "account_segment"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    segment_id: Annotated[UUID, identifier(primary_key=True)]
    is_member: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class AccountSegmentTable(AccountSegment, Base, table=True):
    """Members of segments."""

    __table_args__ = (sa.Index("ix_account_segment_segment_id", "segment_id"),)


class Traits(NamedTuple):
    """What is known of a buyer: the accounts that are one with it, its grade, stage and segments."""

    also: frozenset[UUID] = frozenset()
    grade: str | None = None
    stage: str | None = None
    segment_ids: frozenset[UUID] = frozenset()
