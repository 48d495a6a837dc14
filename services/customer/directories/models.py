"""Directories of other services' things: projections of their events, columns from events only."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, document, identifier, text
from kit.db.text_keys import code_sql
from kit.security.principal_table import PrincipalRow
from services.customer.db import Base


class Principal(PrincipalRow, Base, table=True):
    """Members of the sales organisation and their units over time."""


class PartnerEntry(FrozenRow):
    """A partner; only an active one may be named in orders."""

    __tablename__ = "partner_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    code: Annotated[str, text(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class PartnerDirectory(PartnerEntry, Base, table=True):
    """Partners by id."""


class UnitCost(FrozenRow):
    """What a unit costs in base currency from a day on."""

    valid_from: date
    unit_cost_base: int


class ProductEntry(FrozenRow):
    """A product by stock keeping unit, with its dated costs (None: not told)."""

    __tablename__ = "product_directory"

    sku: Annotated[str, text(primary_key=True)]
    product_id: Annotated[UUID, identifier(nullable=False)]
    product_line: Annotated[str, text(nullable=False)]
    is_active: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]
    costs: Annotated[tuple[UnitCost, ...] | None, DECODED, document(nullable=True)] = None


class ProductDirectory(ProductEntry, Base, table=True):
    """Products by stock keeping unit."""

    __table_args__ = (sa.Index("ix_product_directory_sku_folded", sa.text(code_sql("sku"))),)
