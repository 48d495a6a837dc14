"""Bodies of draws; what prizes are worth is in minor units of the draw's currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.schema import BusinessDate, Code, CurrencyCode, Label, NonNegativeAmount, Schema
from services.channels.points_draws.enums import DrawState

Weight = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]

TERMS: dict[str, Any] = {
    "name": "Draw of spring",
    "price": 50,
    "currency": "CNY",
    "prizes": [
        {"code": "HEADSET", "name": "Headset", "weight": 1, "stock": 10, "value": 39900},
        {"code": "MUG", "name": "Mug", "weight": 9, "stock": 500, "value": 1200},
    ],
    "blanks": 90,
    "valid_from": "2026-01-01",
    "valid_to": "2099-12-31",
}


class DrawPrizeBody(Schema):
    """What may be won: `weight` among all weights, `stock` of them, each worth `value`."""

    code: Code
    name: Label
    weight: Weight
    stock: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    value: NonNegativeAmount


class PointsDrawReplace(Schema):
    """What members of a programme may win for `price` points a ticket, from the first to the last day: with prizes of
    the weights 1 and 9 and `blanks` of 90 one ticket of 100 wins the first. A prize that ran out is none, odds stay."""

    model_config = ConfigDict(json_schema_extra={"example": TERMS})

    name: Label
    price: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
    currency: CurrencyCode
    prizes: list[DrawPrizeBody] = Field(min_length=1, max_length=100)
    blanks: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    valid_from: BusinessDate
    valid_to: BusinessDate

    @model_validator(mode="after")
    def _once(self) -> PointsDrawReplace:
        codes = [prize.code for prize in self.prizes]
        if len({code.casefold() for code in codes}) < len(codes):
            raise ValueError("each prize once")
        return self


class PointsDrawCreate(PointsDrawReplace):
    """A draft of a draw."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "SPRING",
                "points_programme_id": "01989f2e-0000-7000-8000-0000000000b9",
                **TERMS,
            }
        }
    )

    code: Code
    points_programme_id: UUID


class PointsDrawRead(Schema):
    """A draw. `seed_hash` is the SHA-256 of the seed, which is told when the draw is closed: ticket n is then seen to
    have won by HMAC-SHA256(seed, n). `tickets` and `won` (by prize) are drawn so far."""

    id: UUID
    code: str
    name: str
    points_programme_id: UUID
    price: int
    currency: str
    prizes: list[DrawPrizeBody]
    blanks: int
    valid_from: date
    valid_to: date
    state: DrawState
    seed_hash: str
    seed: str | None
    written_by: str
    tickets: int
    won: dict[str, int]
    version: int
    created_at: datetime
    updated_at: datetime


class TicketDraw(Schema):
    """The member that pays for the ticket."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"points_account_id": "01989f2e-0000-7000-8000-0000000000b8"}}
    )

    points_account_id: UUID


class PointsTicketRead(Schema):
    """A ticket, by its number in the draw, and what it won (null: nothing)."""

    id: UUID
    draw_id: UUID
    number: int
    points_account_id: UUID
    points: int
    prize_code: str | None
    drawn_by: str
    business_date: date
    version: int
    created_at: datetime
    updated_at: datetime
