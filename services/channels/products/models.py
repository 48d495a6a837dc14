"""Products as rows and as a table."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, text
from services.channels.db import Base


class Product(OwnedRow):
    """What is sold; the product line decides which targets and rebates it counts for."""

    __tablename__ = "product"

    sku: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    product_line: Annotated[str, text(nullable=False)]
    is_active: Annotated[bool, Field(nullable=False)]


class ProductTable(Product, Base, table=True):
    """Products."""

    __table_args__ = (
        sa.Index("ix_product_name_id", "name", "id"),
        sa.Index("ix_product_line_id", "product_line", "id"),
    )
