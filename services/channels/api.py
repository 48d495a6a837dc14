"""HTTP door of the channels service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.channels.channel_costs.router import router as channel_costs
from services.channels.channels.router import router as channels
from services.channels.competitor_prices.router import router as competitor_prices
from services.channels.partners.router import router as partners
from services.channels.performance.router import router as performance
from services.channels.price_books.router import router as price_books
from services.channels.product_costs.router import router as product_costs
from services.channels.products.router import router as products
from services.channels.programmes.router import router as programmes
from services.channels.promotion_groups.router import router as promotion_groups
from services.channels.promotions.router import router as promotions
from services.channels.rebates.router import router as rebates
from services.channels.subscriptions import subscriptions

ROUTERS: tuple[APIRouter, ...] = (
    products,
    product_costs,
    price_books,
    competitor_prices,
    performance,  # its path comes before that of a channel
    channels,
    channel_costs,
    promotion_groups,
    promotions,
    partners,
    programmes,
    rebates,
    operations_router(subscriptions),
)
