"""Schemas of products."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema
from services.channels.products.enums import ProductStatus


class ProductCreate(Schema):
    """A new product, or a row of a batch: `sku` names it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sku": "CD-ROCK",
                "name": "Compact disc, rock",
                "product_line": "rock",
                "is_active": True,
                "unit": "piece",
                "status": "active",
                "launch_date": "2025-06-01",
            }
        }
    )

    sku: Code
    name: Label
    product_line: Code
    is_active: bool = True
    unit: Code = "piece"
    status: ProductStatus = ProductStatus.ACTIVE
    launch_date: BusinessDate | None = None


class ProductBatch(BatchBody):
    """Products by sku."""

    row_model = ProductCreate


class ProductUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Compact disc, classic rock"}})

    name: Label = ABSENT
    product_line: Code = ABSENT
    is_active: bool = ABSENT
    unit: Code = ABSENT
    status: ProductStatus = ABSENT
    launch_date: BusinessDate | None = ABSENT


class ProductRead(Schema):
    """A product."""

    id: UUID
    sku: str
    name: str
    product_line: str
    is_active: bool
    unit: str
    status: ProductStatus
    launch_date: date | None
    version: int
    created_at: datetime
    updated_at: datetime
