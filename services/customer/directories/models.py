"""Directories of other services' things: projections of their events, columns from events only."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, text
from kit.security.principals import PrincipalRow
from services.customer.db import Base


class Principal(PrincipalRow, Base, table=True):
    """Members of the sales organisation and their units over time."""


class PartnerEntry(FrozenRow):
    """A partner; only an active one may be named in orders."""

    __tablename__ = "partner_directory"

    id: UUID = identifier(primary_key=True)
    code: str = text(nullable=False)
    state: str = text(nullable=False)
    version: int = Field(nullable=False)


class PartnerDirectory(PartnerEntry, Base, table=True):
    """Partners by id."""


class ProductEntry(FrozenRow):
    """A product by stock keeping unit."""

    __tablename__ = "product_directory"

    sku: str = text(primary_key=True)
    product_id: UUID = identifier(nullable=False)
    product_line: str = text(nullable=False)
    is_active: bool = Field(nullable=False)
    version: int = Field(nullable=False)


class ProductDirectory(ProductEntry, Base, table=True):
    """Products by stock keeping unit."""
