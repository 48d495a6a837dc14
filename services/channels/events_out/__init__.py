"""What channels says. Keys: the partner's id for partner and rebate events, else the thing's own id.
Amounts are minor units of the base currency."""

from __future__ import annotations

from kit.events.contract import Published
from services.channels.events_out import partners, products, programmes, rebates
from services.channels.events_out.partners import PartnerActivated, PartnerApplied, PartnerSnapshot, PartnerSuspended
from services.channels.events_out.products import ProductChanged
from services.channels.events_out.programmes import RebateProgrammePublished, RebateTier
from services.channels.events_out.rebates import RebateAccrued, RebateSlice

__all__ = [
    "PUBLISHED",
    "PartnerActivated",
    "PartnerApplied",
    "PartnerSnapshot",
    "PartnerSuspended",
    "ProductChanged",
    "RebateAccrued",
    "RebateProgrammePublished",
    "RebateSlice",
    "RebateTier",
]

PUBLISHED: tuple[type[Published], ...] = (
    *partners.PUBLISHED,
    *products.PUBLISHED,
    *rebates.PUBLISHED,
    *programmes.PUBLISHED,
)
