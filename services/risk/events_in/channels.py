"""What risk hears of partners, products, channels, conflicts, agreements and rebates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from kit.events.contract import Heard


class PartnerHeard(Heard):
    """A partner: subject of credit, scope by `owner_id`."""

    id: UUID
    code: str
    name: str
    kind: str
    state: str
    regions: list[str]
    version: int
    tier: str | None = None
    owner_id: UUID | None = None


class ProductHeard(Heard):
    """A product, for links and lines."""

    id: UUID
    sku: str
    product_line: str
    is_active: bool
    version: int


class ChannelHeard(Heard):
    """A channel, as a label."""

    id: UUID
    code: str
    name: str
    kind: str
    is_direct: bool
    version: int


class FloorBreachedHeard(Heard):
    """A line that is sold under its floor."""

    id: UUID
    order_id: UUID
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    sku: str
    net_base: int
    floor_base: int
    business_date: date


class ConflictHeard(Heard):
    """A conflict that stands."""

    id: UUID
    kind: str
    state: str
    partner_ids: list[UUID]
    account_id: UUID | None
    business_date: date


class ConflictResolvedHeard(ConflictHeard):
    """A conflict that is over."""

    outcome: str


class AgreementHeard(Heard):
    """An agreement, for obligations and indicators."""

    id: UUID
    number: str
    partner_id: UUID
    state: str
    valid_from: date
    valid_to: date | None
    minimum_volume_base: int | None
    version: int
    business_date: date


class TierHeard(Heard):
    """The level of a partner from a day on; None is none."""

    partner_id: UUID
    old: str | None
    new: str | None
    effective_from: date
    business_date: date


class RebateAccruedHeard(Heard):
    """A rebate that a partner earned, or lost again: payable."""

    partner_id: UUID
    order_id: UUID
    posting_date: date
    currency: str
    amount: int


class RebateAdjustedHeard(Heard):
    """Somebody gave a partner something, or took it (below zero)."""

    partner_id: UUID
    posting_date: date
    currency: str
    amount: int


class RebateStatementHeard(Heard):
    """What of the rebates a statement settles."""

    id: UUID
    partner_id: UUID
    posting_date: date
    currency: str
    total: int
    business_date: date


class RebatePaidHeard(RebateStatementHeard):
    """A statement was paid: of its total what was `payable`; the rest is carried on."""

    payable: int
    paid_on: date


HEARD: Mapping[str, type[Heard]] = {
    "channels.partner.applied.v1": PartnerHeard,
    "channels.partner.screened.v1": PartnerHeard,
    "channels.partner.activated.v1": PartnerHeard,
    "channels.partner.suspended.v1": PartnerHeard,
    "channels.partner.terminated.v1": PartnerHeard,
    "channels.product.changed.v1": ProductHeard,
    "channels.channel.changed.v1": ChannelHeard,
    "channels.price.floor_breached.v1": FloorBreachedHeard,
    "channels.conflict.opened.v1": ConflictHeard,
    "channels.conflict.resolved.v1": ConflictResolvedHeard,
    "channels.agreement.signed.v1": AgreementHeard,
    "channels.agreement.renewal_due.v1": AgreementHeard,
    "channels.agreement.expired.v1": AgreementHeard,
    "channels.agreement.terminated.v1": AgreementHeard,
    "channels.tier.changed.v1": TierHeard,
    "channels.rebate.accrued.v1": RebateAccruedHeard,
    "channels.rebate.adjusted.v1": RebateAdjustedHeard,
    "channels.rebate.statement_approved.v1": RebateStatementHeard,
    "channels.rebate.paid.v1": RebatePaidHeard,
}
