"""Costs of products as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, text
from kit.db.text_keys import TextKeys, code_sql
from services.channels.db import Base


class ProductCost(FrozenRow):
    """What a unit costs from a day on, in base currency; never changed, only followed by a later day."""

    __tablename__ = "product_cost"
    __text_keys__: ClassVar = TextKeys(codes=("sku",))

    id: Annotated[UUID, identifier(primary_key=True)]
    product_id: Annotated[UUID, identifier(nullable=False)]
    sku: Annotated[str, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    direct_base: Annotated[int, big_int(nullable=False)]
    indirect_base: Annotated[int, big_int(nullable=False)]
    indirect_share: Annotated[int | None, Field(nullable=True)]
    unit_cost_base: Annotated[int, big_int(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class ProductCostTable(ProductCost, Base, table=True):
    """Costs."""

    __table_args__ = (
        sa.UniqueConstraint("sku", "valid_from"),
        sa.CheckConstraint("unit_cost_base = direct_base + indirect_base", name="unit_cost_base"),
        sa.Index("ix_product_cost_valid_from_id", "valid_from", "id"),
        sa.Index("ix_product_cost_sku_folded_id", sa.text(code_sql("sku")), "id"),
    )
