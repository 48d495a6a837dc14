"""What customer hears of partners, products, channels, terms and what else channels decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from kit.events.contract import Heard


class PartnerHeard(Heard):
    """channels.partner.applied|activated|suspended.v1"""

    id: UUID
    code: str
    state: str
    version: int


class ProductCostHeard(Heard):
    """Full cost of a unit from a day on."""

    valid_from: date
    unit_cost_base: int


class ProductHeard(Heard):
    """channels.product.changed.v1"""

    id: UUID
    sku: str
    product_line: str
    is_active: bool
    version: int
    costs: list[ProductCostHeard] | None = None


class ChannelHeard(Heard):
    """A channel."""

    id: UUID
    code: str
    name: str
    kind: str
    is_direct: bool
    is_active: bool
    version: int


class QuotePromotionHeard(Heard):
    """What a promotion takes off a line of a quote."""

    promotion_id: UUID
    discount: int


class QuoteLineHeard(Heard):
    """A line of a quote, in its currency."""

    line_no: int
    sku: str
    quantity: int
    list_price: int
    unit_price: int
    discount: int
    net: int
    promotions: list[QuotePromotionHeard]


class QuoteHeard(Heard):
    """A quote that an order may be made from until `valid_until`."""

    id: UUID
    number: str
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    state: str
    currency: str
    payment_terms_days: int
    points: int
    valid_until: date
    lines: list[QuoteLineHeard]
    version: int
    business_date: date


class PromotionHeard(Heard):
    """A promotion that orders may name."""

    id: UUID
    code: str
    state: str
    version: int


class PointsHeard(Heard):
    """A movement of a member's points."""

    account_id: UUID
    points_account_id: UUID
    order_id: UUID | None
    points: int
    balance_after: int
    business_date: date


class DealHeard(Heard):
    """A deal; `protected_until` is its last protected day."""

    id: UUID
    number: str
    partner_id: UUID
    account_id: UUID | None
    state: str
    protected_until: date | None
    version: int
    business_date: date


class AgreementHeard(Heard):
    """An agreement with a partner."""

    id: UUID
    number: str
    partner_id: UUID
    state: str
    valid_from: date
    valid_to: date | None
    version: int
    business_date: date


class TierHeard(Heard):
    """The level of a partner from a day on; None is none."""

    partner_id: UUID
    new: str | None
    effective_from: date
    business_date: date


class TermsReservedHeard(Heard):
    """The terms of a placement hold."""

    order_id: UUID
    placement: int


class TermsRefusedHeard(TermsReservedHeard):
    """The terms of a placement do not hold."""

    reason: str
    detail: str | None


class TermsReleasedHeard(TermsReservedHeard):
    """A placement on hold is to give its terms up, if it is still the current one."""

    reason: str


HEARD: Mapping[str, type[Heard]] = {
    "channels.partner.applied.v1": PartnerHeard,
    "channels.partner.activated.v1": PartnerHeard,
    "channels.partner.suspended.v1": PartnerHeard,
    "channels.product.changed.v1": ProductHeard,
    "channels.partner.screened.v1": PartnerHeard,
    "channels.partner.terminated.v1": PartnerHeard,
    "channels.channel.changed.v1": ChannelHeard,
    "channels.quote.issued.v1": QuoteHeard,
    "channels.quote.expired.v1": QuoteHeard,
    "channels.quote.withdrawn.v1": QuoteHeard,
    "channels.quote.accepted.v1": QuoteHeard,
    "channels.promotion.activated.v1": PromotionHeard,
    "channels.promotion.ended.v1": PromotionHeard,
    "channels.promotion.budget_exhausted.v1": PromotionHeard,
    "channels.points.earned.v1": PointsHeard,
    "channels.points.redeemed.v1": PointsHeard,
    "channels.points.expired.v1": PointsHeard,
    "channels.points.reversed.v1": PointsHeard,
    "channels.points.adjusted.v1": PointsHeard,
    "channels.deal.registered.v1": DealHeard,
    "channels.deal.approved.v1": DealHeard,
    "channels.deal.rejected.v1": DealHeard,
    "channels.deal.extended.v1": DealHeard,
    "channels.deal.expiring.v1": DealHeard,
    "channels.deal.expired.v1": DealHeard,
    "channels.deal.withdrawn.v1": DealHeard,
    "channels.deal.won.v1": DealHeard,
    "channels.agreement.signed.v1": AgreementHeard,
    "channels.agreement.renewal_due.v1": AgreementHeard,
    "channels.agreement.expired.v1": AgreementHeard,
    "channels.agreement.terminated.v1": AgreementHeard,
    "channels.tier.changed.v1": TierHeard,
    "channels.terms.reserved.v1": TermsReservedHeard,
    "channels.terms.refused.v1": TermsRefusedHeard,
    "channels.terms.released.v1": TermsReleasedHeard,
}
