"""Schemas of promotions; amounts are minor units of their currency, shares millionths."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.schema import (
    ABSENT,
    BusinessDate,
    Code,
    Count,
    Label,
    LongText,
    Moment,
    NonNegativeAmount,
    Schema,
)
from services.channels.promotions.bodies import AudienceBody, PositiveAmounts, ProductsBody, RewardBody
from services.channels.promotions.enums import PromotionGoal, PromotionKind, PromotionState

Days = Annotated[int, Field(strict=True, ge=0, le=3650)]


class WindowBody(Schema):
    """Whole days of the company, both included (`starts_on`, `ends_on`), or from a moment until before another
    (`starts_at`, `ends_at`). Without an end it stays open."""

    starts_on: BusinessDate | None = None
    ends_on: BusinessDate | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None

    @model_validator(mode="after")
    def _days_or_moments(self) -> WindowBody:
        if (self.starts_on is None) == (self.starts_at is None):
            raise ValueError("a first day or a first moment, not both")
        if (self.starts_on is None and self.ends_on is not None) or (
            self.starts_at is None and self.ends_at is not None
        ):
            raise ValueError("days with days, moments with moments")
        return self


class PromotionCreate(Schema):
    """A promotion as a draft. Its kind says which rewards it may have:

    | kind | reward | example |
    |---|---|---|
    | cash_off | line_rate, line_amount, order_rate | 10 % of 3 x 33.33: 10.00 |
    | prompt_payment | order_rate with payment_terms_max | 2 % of 1,234.56 at <= 10 days: 24.69; at 30: none |
    | quantity | ladder | 10: 5 %, 50: 8 %; 30 + 25 of 1.99: 4.78 + 3.98; 49: 5 % |
    | seasonal | any; windows of each year | 10 % in a week of each spring festival |
    | limited_time | any; windows with a time of day | 20:00-22:00: none at 22:00:00 |
    | gift | gift | spend 300: a cup of cost 12.00: 12.00 of the budget |
    | bundle | bundle | 2 phones at 2,999, 3 headsets at 399, a set 3,199: 351.27 + 46.73 |
    | nth_piece | nth_piece | 2 + 1 of 100, 90, 50, 40, 30, 20: 50.00; second half, 3 x 39.90: 19.95 |
    | spend | spend_steps, spend_every | 500-60, 1000-150: 999.99: 60.00; every 300-40, max 3, of 1,234.00: 120.00 |
    | first_order | any | for accounts without another order that counts |
    | quiet | any | last order `quiet_days` ago or longer: at 180 days yes, at 179 no |
    | high_value | any; audience by grades or segments | 10 % for grade A |
    | member_price | line_price | 3 x 99.00 at 79.00: 60.00 |
    | coupon | any, with needs_coupon | 10 % with the coupon, none without |
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "SPRING-26",
                "name": "Spring, ten percent",
                "goal": "sales",
                "kind": "cash_off",
                "reward": {"type": "line_rate", "share": 100000},
                "products": {"product_lines": ["rock"]},
                "audience": {"regions": ["CN"]},
                "windows": [{"starts_on": "2026-02-01", "ends_on": "2026-03-31"}],
                "group_id": "00000000-0000-7000-8000-0000000000b6",
                "budget_base": 100000,
                "uses_per_account": 1,
            }
        }
    )

    code: Code
    name: Label
    goal: PromotionGoal
    kind: PromotionKind
    reward: RewardBody
    products: ProductsBody = Field(default_factory=ProductsBody)
    audience: AudienceBody = Field(default_factory=AudienceBody)
    windows: list[WindowBody] = Field(min_length=1, max_length=50)
    payment_terms_max: Days | None = None
    quiet_days: Days = 180
    group_id: UUID
    solo: bool = False
    needs_coupon: bool = False
    below_floor: bool = False
    max_discount: PositiveAmounts = Field(default_factory=dict)
    max_times: Count | None = None
    budget_base: NonNegativeAmount | None = None
    uses: Count | None = None
    uses_per_account: Count | None = None
    tasks: list[Label] = Field(default_factory=list, max_length=100)
    channel_notes: LongText = ""


class PromotionUpdate(Schema):
    """Budget and uses, which may change as long as a promotion has not ended; null is unlimited."""

    model_config = ConfigDict(json_schema_extra={"example": {"budget_base": 150000, "uses": 500}})

    budget_base: NonNegativeAmount | None = ABSENT
    uses: Count | None = ABSENT
    uses_per_account: Count | None = ABSENT


class PromotionEnd(Schema):
    """Whether quotes that hold the promotion are kept."""

    model_config = ConfigDict(json_schema_extra={"example": {"honour": True}})

    honour: bool = True


class WindowRead(Schema):
    """From a moment until before another (null: open)."""

    starts_at: datetime
    ends_at: datetime | None


class PromotionRead(Schema):
    """A promotion; `starts_at` and `ends_at` are the first start and the last end of its windows."""

    id: UUID
    code: str
    name: str
    goal: PromotionGoal
    kind: PromotionKind
    reward: RewardBody
    products: ProductsBody
    audience: AudienceBody
    windows: list[WindowRead]
    starts_at: datetime
    ends_at: datetime | None
    payment_terms_max: int | None
    quiet_days: int
    group_id: UUID
    solo: bool
    needs_coupon: bool
    below_floor: bool
    max_discount: dict[str, int]
    max_times: int | None
    budget_base: int | None
    uses: int | None
    uses_per_account: int | None
    tasks: list[str]
    channel_notes: str
    state: PromotionState
    honour: bool
    created_by: str
    approved_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime
