"""Schemas of products."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, Code, Label, Schema


class ProductCreate(Schema):
    """A new product, or a row of a batch: `sku` names it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"sku": "CD-ROCK", "name": "Compact disc, rock", "product_line": "rock", "is_active": True}
        }
    )

    sku: Code
    name: Label
    product_line: Code
    is_active: bool = True


class ProductBatch(BatchBody):
    """Products by sku."""

    row_model = ProductCreate


class ProductUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Compact disc, classic rock"}})

    name: Label = ABSENT
    product_line: Code = ABSENT
    is_active: bool = ABSENT


class ProductRead(Schema):
    """A product."""

    id: UUID
    sku: str
    name: str
    product_line: str
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime
