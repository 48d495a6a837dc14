"""What a promotion is made of, as bodies and as documents of its row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Discriminator, Field

from kit.web.schema import Area, Code, Count, CurrencyCode, NonNegativeAmount, PositiveAmount, PositiveShare, Schema
from services.channels.evaluator.rewards import (
    Audience,
    Bundle,
    Gift,
    Ladder,
    LineAmount,
    LinePrice,
    LineRate,
    Need,
    NthPiece,
    OrderRate,
    Products,
    Reward,
    Rung,
    SpendEvery,
    SpendStep,
    SpendSteps,
)

PositiveAmounts = Annotated[dict[CurrencyCode, PositiveAmount], Field(max_length=50)]
"""Minor units by currency."""
SomeAmounts = Annotated[PositiveAmounts, Field(min_length=1)]
Prices = Annotated[dict[CurrencyCode, NonNegativeAmount], Field(min_length=1, max_length=50)]


class RungBody(Schema):
    """A share from a quantity on."""

    min_quantity: Count
    share: PositiveShare


class SpendStepBody(Schema):
    """An amount from a spend on, or for every so much spent."""

    spend: PositiveAmount
    amount: PositiveAmount


class NeedBody(Schema):
    """Units of a product that a set takes."""

    sku: Code
    quantity: Count


def _rising(rungs: list[RungBody]) -> list[RungBody]:
    _check_rising([rung.min_quantity for rung in rungs])
    return rungs


def _rising_steps(steps: dict[str, list[SpendStepBody]]) -> dict[str, list[SpendStepBody]]:
    for one in steps.values():
        _check_rising([step.spend for step in one])
    return steps


def _check_rising(values: Sequence[int]) -> None:
    if any(after <= before for before, after in pairwise(values)):
        raise ValueError("each step begins above the one before")


def _distinct_needs(needs: list[NeedBody]) -> list[NeedBody]:
    if len({need.sku for need in needs}) < len(needs):
        raise ValueError("each product once")
    return needs


class LineRateBody(Schema):
    """A share of each line."""

    type: Literal["line_rate"]
    share: PositiveShare


class LineAmountBody(Schema):
    """An amount off each unit."""

    type: Literal["line_amount"]
    amounts: SomeAmounts


class LinePriceBody(Schema):
    """A price of each unit, where it costs more."""

    type: Literal["line_price"]
    prices: Prices


class LadderBody(Schema):
    """The share of the highest rung that the quantity of all its lines reaches, of all units."""

    type: Literal["ladder"]
    rungs: Annotated[list[RungBody], Field(min_length=1, max_length=50), AfterValidator(_rising)]


class BundleBody(Schema):
    """A price of a set of units; as many sets as there are units for, after line promotions."""

    type: Literal["bundle"]
    needs: Annotated[list[NeedBody], Field(min_length=1, max_length=20), AfterValidator(_distinct_needs)]
    prices: Prices


class NthPieceBody(Schema):
    """Of every `pieces` units, the `reduced` cheapest of all at a share less."""

    type: Literal["nth_piece"]
    pieces: Annotated[Count, Field(ge=2)]
    reduced: Count = 1
    share: PositiveShare


class OrderRateBody(Schema):
    """A share of the order, from a spend on where one is given."""

    type: Literal["order_rate"]
    share: PositiveShare
    spends: PositiveAmounts = Field(default_factory=dict)


class SpendStepsBody(Schema):
    """The amount of the highest step that the spend reaches, by currency."""

    type: Literal["spend_steps"]
    steps: Annotated[
        dict[CurrencyCode, Annotated[list[SpendStepBody], Field(min_length=1, max_length=50)]],
        Field(min_length=1, max_length=50),
        AfterValidator(_rising_steps),
    ]


class SpendEveryBody(Schema):
    """An amount for every so much spent, by currency; at most `max_times` times."""

    type: Literal["spend_every"]
    steps: dict[CurrencyCode, SpendStepBody] = Field(min_length=1, max_length=50)


class GiftBody(Schema):
    """Units of a product, offered from a spend on where one is given; taken by name in a quote."""

    type: Literal["gift"]
    sku: Code
    quantity: Count = 1
    spends: PositiveAmounts = Field(default_factory=dict)


RewardBody = Annotated[
    LineRateBody
    | LineAmountBody
    | LinePriceBody
    | LadderBody
    | BundleBody
    | NthPieceBody
    | OrderRateBody
    | SpendStepsBody
    | SpendEveryBody
    | GiftBody,
    Discriminator("type"),
]


def reward_of(body: RewardBody) -> Reward:
    """The reward as the evaluator knows it."""
    match body:
        case LineRateBody():
            return LineRate(body.share)
        case LineAmountBody():
            return LineAmount(body.amounts)
        case LinePriceBody():
            return LinePrice(body.prices)
        case LadderBody():
            return Ladder(tuple(Rung(rung.min_quantity, rung.share) for rung in body.rungs))
        case BundleBody():
            return Bundle(tuple(Need(need.sku, need.quantity) for need in body.needs), body.prices)
        case NthPieceBody():
            return NthPiece(body.pieces, body.reduced, body.share)
        case OrderRateBody():
            return OrderRate(body.share, body.spends)
        case SpendStepsBody():
            return SpendSteps({code: tuple(map(_step, steps)) for code, steps in body.steps.items()})
        case SpendEveryBody():
            return SpendEvery({code: _step(step) for code, step in body.steps.items()})
        case GiftBody():
            return Gift(body.sku, body.quantity, body.spends)


def _step(body: SpendStepBody) -> SpendStep:
    return SpendStep(body.spend, body.amount)


class WindowDocument(Schema):
    """From a moment until before another (null: open)."""

    starts_at: datetime
    ends_at: datetime | None = None


class ProductsBody(Schema):
    """Which products: those of the skus and product lines (neither: all), without the excluded skus."""

    skus: list[Code] = Field(default_factory=list, max_length=100)
    product_lines: list[Code] = Field(default_factory=list, max_length=100)
    excluded: list[Code] = Field(default_factory=list, max_length=100)

    def named(self) -> Products:
        """As the evaluator knows them."""
        return Products(frozenset(self.skus), frozenset(self.product_lines), frozenset(self.excluded))


Codes = Annotated[list[Code], Field(max_length=100)]
Areas = Annotated[list[Area], Field(max_length=100)]
Ids = Annotated[list[UUID], Field(max_length=100)]


class AudienceBody(Schema):
    """For whom: each list that is not empty must hold, by one of its values. A region covers those below it."""

    customer_types: Codes = Field(default_factory=list)
    grades: Codes = Field(default_factory=list)
    segment_ids: Ids = Field(default_factory=list)
    lifecycle_stages: Codes = Field(default_factory=list)
    regions: Areas = Field(default_factory=list)
    channel_ids: Ids = Field(default_factory=list)
    tiers: Codes = Field(default_factory=list)
    account_ids: Ids = Field(default_factory=list)

    def named(self) -> Audience:
        """As the evaluator knows it."""
        return Audience(**{name: frozenset(getattr(self, name)) for name in AudienceBody.model_fields})
