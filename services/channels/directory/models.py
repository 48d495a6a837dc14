"""Projections of the directory: who may see what, by what accounts are known, which partners are on hold, own days."""

from __future__ import annotations

import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.calendar import OwnKind
from kit.db.columns import DECODED, FrozenRow, document, identifier, text
from kit.security.principal_table import PrincipalRow
from services.channels.db import Base

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class Principal(PrincipalRow, Base, table=True):
    """Memberships, for record scope."""


class AccountIdentity(FrozenRow):
    """By what an account is known, as customer tells of organisations."""

    __tablename__ = "account_identity"

    id: Annotated[UUID, identifier(primary_key=True)]
    name_key: Annotated[str | None, text(nullable=True)]
    country: Annotated[str | None, text(nullable=True)]
    tax_id_hash: Annotated[str | None, text(nullable=True)]
    domain_hash: Annotated[str | None, text(nullable=True)]
    is_archived: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class AccountIdentityTable(AccountIdentity, Base, table=True):
    """Identities of accounts."""

    __table_args__ = (
        sa.Index("ix_account_identity_name_key_country", "name_key", "country"),
        sa.Index("ix_account_identity_tax_id_hash", "tax_id_hash"),
        sa.Index("ix_account_identity_domain_hash", "domain_hash"),
    )


class PartnerHold(FrozenRow):
    """The standing reasons for which a partner is on hold; none: it is not."""

    __tablename__ = "partner_hold"

    partner_id: Annotated[UUID, identifier(primary_key=True)]
    hold_reasons: Texts
    version: Annotated[int, Field(nullable=False)]


class PartnerHoldTable(PartnerHold, Base, table=True):
    """Partners that were ever on hold."""


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
