"""What an evaluation says: lines, promotions, why the others gave nothing, and every step of every line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a promotion gave nothing: the first that holds, in this order."""

    NOT_ACTIVE = "not-active"
    WINDOW = "window"
    CURRENCY = "currency"
    CHANNEL = "channel"
    AUDIENCE = "audience"
    PRODUCTS = "products"
    PAYMENT_TERMS = "payment-terms"
    COUPON = "coupon"
    QUANTITY = "quantity"
    THRESHOLD = "threshold"
    USES = "uses"
    BUDGET = "budget"
    DECLINED = "declined"
    LOST_IN_GROUP = "lost-in-group"
    LOST_TO_SOLO = "lost-to-solo"
    NO_ROOM = "no-room"


class QuoteApproval(StrEnum):
    """Why a line needs the approval of a second person."""

    BELOW_FLOOR = "below-floor"
    MANUAL_SHARE = "manual-share"


class NotApplied(NamedTuple):
    """A promotion that gave nothing; `missing` is what a quantity or a spend is short of."""

    code: str
    reason: Reason
    missing: int | None = None


class Part(NamedTuple):
    """What a promotion took off a line."""

    code: str
    amount: int


class Step(NamedTuple):
    """What a line cost before and after a promotion, a manual discount or points (`code` empty)."""

    step: str
    code: str
    version: int
    before: int
    after: int


class LineResult(NamedTuple):
    """A line: amount = quantity x unit price = net + discount; the discount is that of its parts, the manual one and
    what points take off."""

    sku: str
    quantity: int
    list_price: int
    unit_price: int
    discount: int
    manual: int
    net: int
    floor: int
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    approvals: tuple[QuoteApproval, ...] = ()
    points: int = 0


class Used(NamedTuple):
    """What a promotion gave in all, in the cart's currency, and what of its budget that takes (a gift: its cost)."""

    code: str
    version: int
    discount: int
    budget_base: int


class OfferedGift(NamedTuple):
    """A gift that may be taken."""

    code: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Lines in the order they were given, then gifts by code. `ends_at` is the first end of what gave something."""

    lines: tuple[LineResult, ...]
    gifts: tuple[LineResult, ...]
    used: tuple[Used, ...]
    not_applied: tuple[NotApplied, ...]
    offered: tuple[OfferedGift, ...]
    ends_at: datetime | None

    @property
    def net(self) -> int:
        """What is to be paid."""
        return sum(line.net for line in self.lines)

    @property
    def discount(self) -> int:
        """What promotions, gifts and manual discounts take off."""
        return sum(line.discount for line in (*self.lines, *self.gifts))

    @property
    def needs_approval(self) -> bool:
        """Whether a second person must agree."""
        return any(line.approvals for line in self.lines)
