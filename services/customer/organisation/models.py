"""Units of the sales organisation and its own days: projections of its events, columns from events only."""

from __future__ import annotations

import datetime
from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.calendar import OwnKind
from kit.db.columns import DECODED, FrozenRow, document, identifier
from services.customer.db import Base


class UnitLead(FrozenRow):
    """Who leads a unit."""

    __tablename__ = "unit_lead"

    id: Annotated[UUID, identifier(primary_key=True)]
    lead_id: Annotated[UUID | None, identifier(nullable=True)] = None
    version: Annotated[int, Field(nullable=False)]


class UnitLeadTable(UnitLead, Base, table=True):
    """Leads by unit."""


class OwnDay(FrozenRow):
    """A day that is off, or worked, whatever the calendar of the country says."""

    date: datetime.date
    kind: OwnKind


class CalendarYear(FrozenRow):
    """All own days of a year."""

    __tablename__ = "calendar_year"

    year: Annotated[int, Field(primary_key=True, sa_column_kwargs={"autoincrement": False})]
    days: Annotated[tuple[OwnDay, ...], DECODED, document(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class CalendarYearTable(CalendarYear, Base, table=True):
    """Own days by year."""
