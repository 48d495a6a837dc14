"""What a promotion gives and when: the rule as the evaluator knows it.

Amounts are minor units by currency (a currency without an amount: the rule does not apply), shares millionths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

Amounts = Mapping[str, int]
NONE: Amounts = MappingProxyType({})


def no_amounts() -> Amounts:
    """No amount in any currency."""
    return NONE


class Phase(StrEnum):
    """Steps in which promotions take effect, in their order; gifts are offered beside those of the order."""

    LINE = "line"
    SET = "set"
    ORDER = "order"
    GIFT = "gift"


class Condition(StrEnum):
    """What a customer must be beyond the audience: without an order, without one for long, a member."""

    FIRST_ORDER = "first_order"
    QUIET = "quiet"
    MEMBER = "member"


class Rung(NamedTuple):
    """From a quantity on, of all lines together, a share of every unit."""

    min_quantity: int
    share: int


class SpendStep(NamedTuple):
    """From a spend on, an amount."""

    spend: int
    amount: int


class Need(NamedTuple):
    """Units of a product that one set takes."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LineRate:
    """A share of each line."""

    share: int


@dataclass(frozen=True, slots=True)
class LineAmount:
    """An amount off each unit."""

    amounts: Amounts


@dataclass(frozen=True, slots=True)
class LinePrice:
    """A price of each unit instead of what it costs, where that is more."""

    prices: Amounts


@dataclass(frozen=True, slots=True)
class Ladder:
    """The share of the highest rung that the quantity of all its lines reaches, of all units."""

    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A price of a set of units; as many sets as there are units for."""

    needs: tuple[Need, ...]
    prices: Amounts


@dataclass(frozen=True, slots=True)
class NthPiece:
    """Of every `pieces` units, the `reduced` cheapest of all at a share less."""

    pieces: int
    reduced: int
    share: int


@dataclass(frozen=True, slots=True)
class OrderRate:
    """A share of the order from a spend on (no spends: any)."""

    share: int
    spends: Amounts = field(default_factory=no_amounts)


@dataclass(frozen=True, slots=True)
class SpendSteps:
    """The amount of the highest step that the spend reaches."""

    steps: Mapping[str, tuple[SpendStep, ...]]


@dataclass(frozen=True, slots=True)
class SpendEvery:
    """An amount for every so much spent."""

    steps: Mapping[str, SpendStep]


@dataclass(frozen=True, slots=True)
class Gift:
    """Units of a product, offered from a spend on (no spends: any); they are taken by name."""

    sku: str
    quantity: int
    spends: Amounts = field(default_factory=no_amounts)


LineReward = LineRate | LineAmount | LinePrice | Ladder
SetReward = Bundle | NthPiece
OrderReward = OrderRate | SpendSteps | SpendEvery
Reward = LineReward | SetReward | OrderReward | Gift


@dataclass(frozen=True, slots=True)
class Products:
    """Which products: those of the skus and lines (neither: all), without the excluded skus."""

    skus: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom: every set that is not empty must hold, by one of its values; what is not known holds nothing."""

    customer_types: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    segment_ids: frozenset[UUID] = frozenset()
    lifecycle_stages: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    channel_ids: frozenset[UUID] = frozenset()
    tiers: frozenset[str] = frozenset()
    account_ids: frozenset[UUID] = frozenset()


class Window(NamedTuple):
    """From a moment until before another (None: open)."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a promotion. No windows: any time. `max_discount` is of the whole order, so of no rule whose group
    takes the best of each line; `max_times` of sets and of `SpendEvery`."""

    code: str
    version: int
    reward: Reward
    group: str
    per_line: bool = False
    solo: bool = False
    is_active: bool = True
    windows: tuple[Window, ...] = ()
    products: Products = Products()
    audience: Audience = Audience()
    condition: Condition | None = None
    quiet_days: int = 180
    payment_terms_max: int | None = None
    needs_coupon: bool = False
    below_floor: bool = False
    max_discount: Amounts = field(default_factory=no_amounts)
    max_times: int | None = None

    @property
    def phase(self) -> Phase:
        """The step in which it takes effect."""
        if isinstance(self.reward, Gift):
            return Phase.GIFT
        if isinstance(self.reward, Bundle | NthPiece):
            return Phase.SET
        if isinstance(self.reward, OrderRate | SpendSteps | SpendEvery):
            return Phase.ORDER
        return Phase.LINE


def amounts_of(reward: Reward) -> Mapping[str, object]:
    """What of a reward is by currency; empty: it holds in any."""
    if isinstance(reward, LineAmount):
        return reward.amounts
    if isinstance(reward, LinePrice | Bundle):
        return reward.prices
    if isinstance(reward, OrderRate | Gift):
        return reward.spends
    return reward.steps if isinstance(reward, SpendSteps | SpendEvery) else NONE
