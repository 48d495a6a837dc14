"""Projections of other services' facts: accounts, partners and principals."""

from __future__ import annotations

import datetime
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from kit.calendar import OwnKind
from kit.db.columns import DECODED, FrozenRow, document, identifier, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from kit.security.principal_table import PrincipalRow
from services.risk.db import Base


class Principal(PrincipalRow, Base, table=True):
    """Memberships, for record scope."""


class AccountEntry(FrozenRow):
    """Owner and label of an account."""

    __tablename__ = "account_directory"
    __text_keys__: ClassVar = TextKeys(name="name")

    id: Annotated[UUID, identifier(primary_key=True)]
    name: Annotated[str | None, text(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True, index=True)] = None


class AccountDirectory(AccountEntry, TextKeyed, Base, table=True):
    """Owner and label of every account."""

    __table_args__ = key_indexes("account_directory", AccountEntry.__text_keys__)


class PartnerEntry(FrozenRow):
    """Owner and label of a partner, as of its `version`."""

    __tablename__ = "partner_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    code: Annotated[str, text(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True, index=True)] = None
    version: Annotated[int, Field(nullable=False)]


class PartnerDirectory(PartnerEntry, Base, table=True):
    """Owner and label of every partner."""


class TargetEntry(FrozenRow):
    """A target that somebody told of."""

    __tablename__ = "target_directory"

    id: Annotated[UUID, identifier(primary_key=True)]


class TargetDirectory(TargetEntry, Base, table=True):
    """Every target that somebody told of."""


class ExchangeRate(FrozenRow):
    """Base units per unit of `currency` from a day on, as decimal text."""

    __tablename__ = "exchange_rate"

    currency: Annotated[str, text(primary_key=True)]
    valid_from: Annotated[date, Field(primary_key=True)]
    rate: Annotated[str, text(nullable=False)]


class ExchangeRateTable(ExchangeRate, Base, table=True):
    """Exchange rates; written by their projection alone."""


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
