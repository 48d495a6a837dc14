"""What channels says. Keys: the order's stream key for answers to its placement and what moves with it, else the
partner's id where there is one, else the thing's own id. Amounts are minor units, of the base currency where nothing
else is said."""

from __future__ import annotations

from kit.events.contract import Published
from services.channels.events_out import (
    agreements,
    channels,
    conflicts,
    deals,
    draws,
    partners,
    points,
    prices,
    products,
    programmes,
    promotions,
    quotes,
    rebates,
    statements,
    terms,
    tiers,
)
from services.channels.events_out.partners import PartnerActivated, PartnerApplied, PartnerSnapshot, PartnerSuspended
from services.channels.events_out.prices import PriceChanged
from services.channels.events_out.products import ProductChanged
from services.channels.events_out.programmes import RebateProgrammePublished, RebateTier
from services.channels.events_out.promotions import PromotionActivated, PromotionBudgetExhausted, PromotionEnded
from services.channels.events_out.rebates import RebateAccrued, RebateSlice

__all__ = [
    "AGREED",
    "PUBLISHED",
    "PartnerActivated",
    "PartnerApplied",
    "PartnerSnapshot",
    "PartnerSuspended",
    "PriceChanged",
    "ProductChanged",
    "PromotionActivated",
    "PromotionBudgetExhausted",
    "PromotionEnded",
    "RebateAccrued",
    "RebateProgrammePublished",
    "RebateSlice",
    "RebateTier",
]

MODULES = (
    partners,
    products,
    rebates,
    programmes,
    agreements,
    prices,
    quotes,
    promotions,
    points,
    draws,
    terms,
    deals,
    conflicts,
    tiers,
    statements,
    channels,
)
PUBLISHED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.PUBLISHED)
AGREED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.AGREED)
"""What is agreed and not said yet: it moves to `PUBLISHED` with the change that says it first."""
