"""Bodies of coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.schema import Label, Schema

MOST_COUPONS = 100_000


class CouponsGenerate(Schema):
    """So many unique codes, each for one order, or one `code` that many use."""

    model_config = ConfigDict(json_schema_extra={"example": {"count": 500}})

    count: Annotated[int, Field(strict=True, ge=1, le=MOST_COUPONS)] | None = None
    code: Label | None = None

    @model_validator(mode="after")
    def _one_way(self) -> CouponsGenerate:
        if (self.count is None) == (self.code is None):
            raise ValueError("either count or code")
        return self


class CouponRead(Schema):
    """A coupon: `code` is shown of a shared one alone; `order_id` is the order that has a unique one."""

    id: UUID
    batch_id: UUID
    number: int
    last_four: str
    code: str | None
    order_id: UUID | None
    created_at: datetime


class CouponCodesQuery(Schema):
    """Which codes of a batch: those after a number, so many at most."""

    after: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=5_000)] = 1_000


class CouponCodesRead(Schema):
    """Codes as they are handed out; `next` is the number to go on after, null when these are the last so far."""

    codes: list[str]
    next: int | None
