"""What each kind of policy says. Shares and ratios are millionths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from kit.money import SHARE_WHOLE
from kit.web.schema import CurrencyCode, PositiveAmount, Schema, Share
from services.channels.channel_policies.enums import ChannelPolicyKind, ConflictSeverity

MOST_DAYS = 730
Ratio = Annotated[int, Field(strict=True, ge=-100 * SHARE_WHOLE, le=100 * SHARE_WHOLE, description="millionths")]
PositiveRatio = Annotated[int, Field(strict=True, ge=1, le=1000 * SHARE_WHOLE, description="millionths")]


class _Rules(Schema):
    """A part of a policy."""

    model_config = ConfigDict(frozen=True)


class ConflictSeveritiesBody(_Rules):
    """How grave a conflict of each kind is at first."""

    same_customer: ConflictSeverity = ConflictSeverity.MEDIUM
    partner_direct: ConflictSeverity = ConflictSeverity.MEDIUM
    territory_breach: ConflictSeverity = ConflictSeverity.HIGH
    cross_region: ConflictSeverity = ConflictSeverity.HIGH
    exclusivity_breach: ConflictSeverity = ConflictSeverity.HIGH
    price_undercut: ConflictSeverity = ConflictSeverity.MEDIUM


class ConflictRulesBody(_Rules):
    """Two orders of one customer through two partners are in conflict when their dates are up to `window_days` apart.
    `tolerance` is the share of its list price by which a piece may be sold below what was agreed: unit prices are
    rounded."""

    window_days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 90
    tolerance: Share = 10_000
    severities: ConflictSeveritiesBody = Field(default_factory=ConflictSeveritiesBody)


class ScoringWeightsBody(_Rules):
    """What counts how much of a channel's score; 1000000 together."""

    coverage: Share = 400_000
    efficiency: Share = 400_000
    stability: Share = 200_000

    @model_validator(mode="after")
    def _whole(self) -> ScoringWeightsBody:
        if self.coverage + self.efficiency + self.stability != SHARE_WHOLE:
            raise ValueError(f"the weights are {SHARE_WHOLE} together")
        return self


class ScoringRulesBody(_Rules):
    """How channels are scored: coverage, efficiency / (efficiency + `benchmark`) and stability, weighed. From a score
    of `fund_from` and an ROI of `hurdle` on a channel is one to fund, under `review_below` or with a loss one to
    review."""

    weights: ScoringWeightsBody = Field(default_factory=ScoringWeightsBody)
    benchmark: PositiveRatio = 5_000_000
    fund_from: Share = 660_000
    hurdle: Ratio = 100_000
    review_below: Share = 330_000

    @model_validator(mode="after")
    def _apart(self) -> ScoringRulesBody:
        if self.review_below > self.fund_from:
            raise ValueError("review_below lies above fund_from")
        return self


class DiscountRulesBody(_Rules):
    """What of a line a role may take off without a second person, of what the line costs after promotions."""

    sales_rep: Share = 50_000
    sales_manager: Share = 150_000
    sales_director: Share = 300_000
    administrator: Share = 300_000


class DrawRulesBody(_Rules):
    """What a prize of a draw may be worth at most."""

    max_prize: PositiveAmount = 5_000_000
    currency: CurrencyCode = "CNY"


AnyRules = ConflictRulesBody | ScoringRulesBody | DiscountRulesBody | DrawRulesBody
RULES: Mapping[ChannelPolicyKind, type[AnyRules]] = {
    ChannelPolicyKind.CONFLICT: ConflictRulesBody,
    ChannelPolicyKind.SCORING: ScoringRulesBody,
    ChannelPolicyKind.DISCOUNT: DiscountRulesBody,
    ChannelPolicyKind.DRAW: DrawRulesBody,
}


def read_rules(value: object, _read: Callable[[Any], Any], info: ValidationInfo) -> object:
    """A wrapping validator of `rules`: they are read as what the field `kind` before them says."""
    kind = info.data.get("kind")
    return value if kind is None else RULES[ChannelPolicyKind(kind)].model_validate(value)
