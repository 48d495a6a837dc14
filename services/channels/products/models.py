"""Table of products."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, text
from services.channels.db import Base


class Product(Identified, Versioned, Base, table=True):
    """What is sold; the product line decides which targets and rebates it counts for."""

    __tablename__ = "product"
    __table_args__ = (
        sa.Index("ix_product_name_id", "name", "id"),
        sa.Index("ix_product_line_id", "product_line", "id"),
    )

    sku: str = text(nullable=False, unique=True)
    name: str = text(nullable=False)
    product_line: str = text(nullable=False)
    is_active: bool = Field(nullable=False)
