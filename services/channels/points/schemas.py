"""Bodies of points; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.money import SHARE_WHOLE
from kit.web.schema import (
    ABSENT,
    BusinessDate,
    Code,
    CurrencyCode,
    Label,
    LongText,
    PositiveAmount,
    Schema,
    Share,
)
from services.channels.points.enums import AdjustmentState, PointsKind

MAX_POINTS = 1_000_000_000
MAX_FACTOR = 100_000_000
Codes = Annotated[list[Code], Field(max_length=100)]
Points = Annotated[int, Field(strict=True, ge=-MAX_POINTS, le=MAX_POINTS, description="points; negative: taken away")]


Worth = Annotated[dict[CurrencyCode, Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]], Field(max_length=50)]


class PointsFactorBody(Schema):
    """How many times products count, in millionths (2000000: twice); neither skus nor lines: every product."""

    skus: Codes = Field(default_factory=list)
    product_lines: Codes = Field(default_factory=list)
    factor: Annotated[int, Field(strict=True, ge=0, le=MAX_FACTOR)]


class PointsProgrammeCreate(Schema):
    """What members earn: `points` for each `per_base` of net, of what products name by the largest of their factors.

    `worth` is what 100 points take off a quote, in minor units by currency (none: they cannot be redeemed in it), up to
    `max_share` of what the quote comes to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "CLUB",
                "name": "Club",
                "points": 1,
                "per_base": 1000,
                "factors": [{"product_lines": ["rock"], "factor": 2000000}],
                "validity_months": 12,
                "lock_days": 7,
                "valid_from": "2026-01-01",
                "worth": {"USD": 100},
                "max_share": 500000,
            }
        }
    )

    code: Code
    name: Label
    points: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    per_base: PositiveAmount
    factors: list[PointsFactorBody] = Field(default_factory=list, max_length=100)
    validity_months: Annotated[int, Field(strict=True, ge=1, le=120)]
    lock_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None
    worth: Worth = Field(default_factory=dict)
    max_share: Share = SHARE_WHOLE

    @model_validator(mode="after")
    def _in_order(self) -> PointsProgrammeCreate:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class PointsProgrammeUpdate(Schema):
    """Another name, another last day, or what points take off quotes from now on; the rate stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Club of 2026", "valid_to": "2030-12-31"}})

    name: Label = ABSENT
    valid_to: BusinessDate | None = ABSENT
    worth: Worth = ABSENT
    max_share: Share = ABSENT


class PointsProgrammeRead(Schema):
    """A programme of points."""

    id: UUID
    code: str
    name: str
    points: int
    per_base: int
    factors: list[PointsFactorBody]
    validity_months: int
    lock_days: int
    valid_from: date
    valid_to: date | None
    worth: dict[str, int]
    max_share: int
    version: int
    created_at: datetime
    updated_at: datetime


class PointsJoin(Schema):
    """The account that becomes a member."""

    model_config = ConfigDict(json_schema_extra={"example": {"account_id": "01989f2e-0000-7000-8000-000000000001"}})

    account_id: UUID


class PointsAccountRead(Schema):
    """A member: `available` points (negative where more was taken back than there was), of which `usable` have passed
    their lock. Members of a programme whose accounts were merged are one: what is shown of each is what all have."""

    id: UUID
    programme_id: UUID
    account_id: UUID
    filed_account_id: UUID
    joined_at: datetime
    joined_by: str
    available: int
    usable: int
    version: int
    created_at: datetime
    updated_at: datetime


class PointsBalanceRead(Schema):
    """What an account has in a programme: `available` points (negative where more was taken back than there was), of
    which `usable` have passed their lock."""

    programme_id: UUID
    points_account_id: UUID
    available: int
    usable: int


class PointsBalancesRead(Schema):
    """What an account has in each programme in which it, or one that was merged with it, is a member."""

    account_id: UUID
    items: list[PointsBalanceRead]


class PointsMemberRead(Schema):
    """An account that is a member of a programme."""

    id: UUID
    programme_id: UUID
    account_id: UUID
    filed_account_id: UUID
    joined_at: datetime
    joined_by: str
    version: int
    created_at: datetime
    updated_at: datetime


class PointsEntryRead(Schema):
    """A movement: signed points, and what was available after it."""

    id: UUID
    points_account_id: UUID
    kind: PointsKind
    points: int
    balance_after: int
    order_id: UUID | None
    business_date: date
    recorded_at: datetime


class PointsAdjust(Schema):
    """Points to give or (negative) to take, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"points": 50, "reason": "Late delivery in spring"}})

    points: Points
    reason: LongText

    @model_validator(mode="after")
    def _moves_something(self) -> PointsAdjust:
        if self.points == 0:
            raise ValueError("an adjustment moves something")
        return self


class PointsAdjustmentRead(Schema):
    """An adjustment, and who decided it."""

    id: UUID
    points_account_id: UUID
    points: int
    reason: str
    state: AdjustmentState
    asked_by: str
    decided_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime
