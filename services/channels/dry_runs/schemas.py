"""Body of dry runs; amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.web.schema import Schema


class PromotionDryRunRead(Schema):
    """What a promotion would have given of the orders from the first to the last day: alone, as if it had held all the
    time and every coupon had been there, to whom it is for as known today, at what the orders cost less what came back.

    `orders` is how many there are, of which `looked_at` were drawn by lot. `reached` of these are given something:
    `discount_base` of their `net_base`, the `discount_share` of it, to so many `accounts`; `estimated_base` is what all
    orders would have been given at that rate. Amounts of other currencies and gifts give nothing here.
    """

    promotion_id: UUID
    first: date
    last: date
    orders: int
    looked_at: int
    reached: int
    accounts: int
    net_base: int
    discount_base: int
    discount_share: int | None
    estimated_base: int
