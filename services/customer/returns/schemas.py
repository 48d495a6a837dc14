"""Bodies and answers of returns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.schema import BusinessDate, Schema
from services.customer.accounts.schemas import ExternalRef
from services.customer.events_out import ReturnedLine
from services.customer.orders.schemas import MAX_LINES


class ReturnLineCreate(Schema):
    """Pieces of a line that come back; 0: the line takes part with the odd cents of what came back before."""

    line_no: Annotated[int, Field(strict=True, ge=1, le=MAX_LINES)]
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class ReturnCreate(Schema):
    """A return; without `return_date` it is today."""

    model_config = ConfigDict(json_schema_extra={"example": {"lines": [{"line_no": 1, "quantity": 1}]}})

    lines: Annotated[list[ReturnLineCreate], Field(min_length=1, max_length=MAX_LINES)]
    return_date: BusinessDate | None = None
    external_id: ExternalRef | None = None


class ReturnRow(ReturnCreate):
    """A row of a batch, known again by its external id; the order by `order_id` or `order_ref`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "external_id": {"source": "shop", "id": "R-1"},
                "order_ref": {"source": "shop", "id": "O-1"},
                "lines": [{"line_no": 1, "quantity": 1}],
            }
        }
    )

    external_id: ExternalRef
    order_id: UUID | None = None
    order_ref: ExternalRef | None = None

    @model_validator(mode="after")
    def _one_order(self) -> ReturnRow:
        if (self.order_id is None) == (self.order_ref is None):
            raise ValueError("give order_id or order_ref")
        return self


class ReturnBatch(BatchBody):
    """Returns by external id."""

    row_model = ReturnRow


class ReturnRead(Schema):
    """A return; amounts are negative, at the original price. `settled_base` is what is no longer owed by it (not
    negative; null: of an earlier release, then it is the gross amount)."""

    id: UUID
    order_id: UUID
    return_date: date
    currency: str
    base_currency: str
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    settled_base: int | None
    lines: list[ReturnedLine]
    external_source: str | None
    external_id: str | None
    created_at: datetime
