"""Products as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, code_sql, key_indexes
from services.channels.db import Base
from services.channels.products.enums import ProductStatus


class CostStep(FrozenRow):
    """Full cost of a unit from a day on, in base currency."""

    valid_from: date
    unit_cost_base: int


CostSteps = Annotated[tuple[CostStep, ...], DECODED]


class Product(OwnedRow):
    """What is sold; the product line decides which targets and rebates it counts for, and is spelt as it first was.

    `costs` are all its dated full costs, by day: what `product-costs` has appended.
    """

    __tablename__ = "product"
    __text_keys__: ClassVar = TextKeys(name="name", also=("sku",), codes=("sku", "product_line"))

    sku: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    product_line: Annotated[str, text(nullable=False)]
    is_active: Annotated[bool, Field(nullable=False)]
    unit: Annotated[str, text(nullable=False, sa_column_kwargs={"server_default": "piece"})] = "piece"
    status: Annotated[ProductStatus, text(nullable=False, sa_column_kwargs={"server_default": "active"})] = (
        ProductStatus.ACTIVE
    )
    launch_date: Annotated[date | None, Field(nullable=True)] = None
    costs: Annotated[CostSteps, document(nullable=False, sa_column_kwargs={"server_default": "[]"})] = ()


class ProductTable(Product, TextKeyed, CodeKeyed, Base, table=True):
    """Products."""

    __table_args__ = (
        one_of("status", ProductStatus),
        *key_indexes("product", Product.__text_keys__),
        *code_indexes("product", "sku"),
        sa.Index("ix_product_line_id", "product_line", "id"),
        sa.Index("ix_product_line_folded_id", sa.text(code_sql("product_line")), "id"),
    )
