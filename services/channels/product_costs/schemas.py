"""Bodies of costs: minor units of the base currency, shares in millionths."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.batch import BatchBody
from kit.web.schema import BusinessDate, Code, NonNegativeAmount, Schema, Share


class ProductCostCreate(Schema):
    """What a unit of a product costs from a day on: direct cost, and indirect cost as an amount or as a share of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"sku": "CD-ROCK", "direct_base": 800, "indirect_share": 100000, "valid_from": "2026-01-01"}
        }
    )

    sku: Code
    direct_base: NonNegativeAmount
    indirect_base: NonNegativeAmount | None = None
    indirect_share: Share | None = None
    valid_from: BusinessDate


class ProductCostBatch(BatchBody):
    """Costs by sku and day."""

    row_model = ProductCostCreate


class ProductCostRead(Schema):
    """A dated cost; `unit_cost_base`, direct and indirect together, is the full cost of a unit."""

    id: UUID
    product_id: UUID
    sku: str
    valid_from: date
    direct_base: int
    indirect_base: int
    indirect_share: int | None
    unit_cost_base: int
    created_by: str
    created_at: datetime
