"""Bodies of what competitors ask."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.batch import BatchBody
from kit.web.schema import BusinessDate, Code, CurrencyCode, NonNegativeAmount, Schema, Text


class CompetitorPriceCreate(Schema):
    """What a competitor asked for a product on a day, and where it was seen."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sku": "CD-ROCK",
                "competitor": "NORTHWIND",
                "price": 1450,
                "currency": "USD",
                "observed_on": "2026-02-14",
                "source": "price list of February",
            }
        }
    )

    sku: Code
    competitor: Code
    price: NonNegativeAmount
    currency: CurrencyCode
    observed_on: BusinessDate
    source: Text = ""


class CompetitorPriceBatch(BatchBody):
    """Prices by product, competitor and day."""

    row_model = CompetitorPriceCreate


class CompetitorPriceRead(Schema):
    """What a competitor asked on a day, in minor units of the currency."""

    id: UUID
    sku: str
    competitor: str
    price: int
    currency: str
    observed_on: date
    source: str
    created_by: str
    created_at: datetime
