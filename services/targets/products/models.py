"""Products of channels: a projection of their events."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, text
from services.targets.db import Base


class ProductEntry(FrozenRow):
    """The product line of a product, and when it was launched."""

    __tablename__ = "product_directory"

    product_id: Annotated[UUID, identifier(primary_key=True)]
    product_line: Annotated[str, text(nullable=False, index=True)]
    version: Annotated[int, Field(nullable=False)]
    sku: Annotated[str | None, text(nullable=True, index=True)] = None
    launch_date: Annotated[date | None, Field(nullable=True)] = None


class ProductDirectory(ProductEntry, Base, table=True):
    """Products by id."""
