"""Bodies of price books: amounts are minor units of the book's currency, shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import SHARE_WHOLE
from kit.web.schema import (
    ABSENT,
    Amount,
    Area,
    BusinessDate,
    Code,
    Count,
    CurrencyCode,
    Label,
    NonNegativeAmount,
    PositiveAmount,
    Schema,
)
from services.channels.price_books.enums import BookState, PriceMethod

MAX_ENTRIES = 5_000
MAX_BREAKS = 100
Markup = Annotated[int, Field(strict=True, ge=0, le=100 * SHARE_WHOLE, description="on cost, in millionths of it")]
Moved = Annotated[int, Field(strict=True, ge=-SHARE_WHOLE, le=10 * SHARE_WHOLE, description="millionths, up or down")]


class PriceBookCreate(Schema):
    """Version 1 of a price book, without entries; prices found by a method are rounded to `round_to` and get the
    `ending`. `min_markup` is the least markup on full cost that counts as no break of the floor."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "LIST",
                "name": "List prices",
                "currency": "USD",
                "round_to": 100,
                "ending": -1,
                "min_markup": 100000,
                "valid_from": "2026-01-01",
            }
        }
    )

    code: Code
    name: Label
    currency: CurrencyCode
    round_to: PositiveAmount = 1
    ending: Amount = 0
    min_markup: Markup = 0
    valid_from: BusinessDate


class PriceBookUpdate(Schema):
    """Fields of a draft to change; code and currency stay."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "List prices of the year", "ending": -5}})

    name: Label = ABSENT
    round_to: PositiveAmount = ABSENT
    ending: Amount = ABSENT
    min_markup: Markup = ABSENT
    valid_from: BusinessDate = ABSENT


class PriceBookRevise(Schema):
    """The day from which the next version counts, later than that of every version published so far."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_from": "2100-01-01"}})

    valid_from: BusinessDate


class PriceBookRead(Schema):
    """A version of a price book; `valid_to` is the day before the next published version's, null while there is
    none. `min_markup` is null without `costs:read`."""

    id: UUID
    code: str
    book_version: int
    name: str
    currency: str
    round_to: int
    ending: int
    min_markup: int | None
    valid_from: date
    valid_to: date | None
    state: BookState
    entry_count: int
    published_by: str | None
    published_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime


class SelectorBody(Schema):
    """For whom: what is left out may be anything. A region covers those below it: CN covers CN-SH."""

    account_id: UUID | None = None
    partner_id: UUID | None = None
    tier: Code | None = None
    segment_id: UUID | None = None
    grade: Code | None = None
    channel_id: UUID | None = None
    region: Area | None = None


class BreakBody(Schema):
    """The price of every unit from a quantity on, counted over all lines of the product."""

    min_quantity: Count
    unit_price: NonNegativeAmount


class EntryBody(Schema):
    """A price of a product or of a product line: `fixed` needs `breaks`, `cost_plus` a `markup` on full cost, `market`
    a `position` from the median of competitors and at least `min_sources` of them, `differentiated` an `adjustment`
    of the list price. A `final` price takes no discount of a partner."""

    code: Code
    sku: Code | None = None
    product_line: Code | None = None
    selector: SelectorBody = Field(default_factory=SelectorBody)
    method: PriceMethod
    breaks: list[BreakBody] = Field(default_factory=list, max_length=MAX_BREAKS)
    markup: Markup | None = None
    position: Moved | None = None
    min_sources: Count | None = None
    adjustment: Moved | None = None
    final: bool = False
    valid_from: BusinessDate | None = None
    valid_to: BusinessDate | None = None


class EntriesPut(Schema):
    """All entries of a draft, in any order; each code once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "entries": [
                    {
                        "code": "ROCK",
                        "product_line": "rock",
                        "method": "fixed",
                        "breaks": [
                            {"min_quantity": 1, "unit_price": 1499},
                            {"min_quantity": 100, "unit_price": 1399},
                        ],
                    },
                    {
                        "code": "ROCK-EAST",
                        "product_line": "rock",
                        "selector": {"region": "CN-SH"},
                        "method": "differentiated",
                        "adjustment": -50000,
                    },
                ]
            }
        }
    )

    entries: list[EntryBody] = Field(max_length=MAX_ENTRIES)


class EntryRead(Schema):
    """An entry of a price book; `markup` is null without `costs:read`."""

    id: UUID
    book_id: UUID
    code: str
    currency: str
    sku: str | None
    product_line: str | None
    account_id: UUID | None
    partner_id: UUID | None
    tier: str | None
    segment_id: UUID | None
    grade: str | None
    channel_id: UUID | None
    region: str | None
    method: PriceMethod
    breaks: list[BreakBody]
    markup: int | None
    position: int | None
    min_sources: int | None
    adjustment: int | None
    final: bool
    valid_from: date | None
    valid_to: date | None
