"""The company's own days as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.calendar import OwnKind
from kit.db.columns import FrozenRow, OwnedRow, one_of, text
from services.targets.db import Base


class CalendarDay(OwnedRow):
    """What the company says of a day, whatever its country says; `kind` is null once that was taken back."""

    __tablename__ = "calendar_day"

    day: Annotated[date, Field(sa_type=sa.Date, nullable=False, unique=True)]
    kind: Annotated[OwnKind | None, text(nullable=True)] = None
    reason: Annotated[str, text(nullable=False)]


class CalendarDayTable(CalendarDay, Base, table=True):
    """Own days."""

    __table_args__ = (one_of("kind", OwnKind),)


class CalendarYear(FrozenRow):
    """Counts the changes of a year; its lock lets them take turns."""

    __tablename__ = "calendar_year"

    year: Annotated[int, Field(primary_key=True, sa_column_kwargs={"autoincrement": False})]
    version: Annotated[int, Field(nullable=False)]


class CalendarYearTable(CalendarYear, Base, table=True):
    """Years that have had own days."""
