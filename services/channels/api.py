"""HTTP door of the channels service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.channels.adjustments.router import router as adjustments
from services.channels.agreements.router import router as agreements
from services.channels.certificates.router import router as certificates
from services.channels.channel_costs.router import router as channel_costs
from services.channels.channel_policies.router import router as channel_policies
from services.channels.channels.router import router as channels
from services.channels.competitor_prices.router import router as competitor_prices
from services.channels.conflicts.router import router as conflicts
from services.channels.coupons.router import router as coupons
from services.channels.deals.router import router as deals
from services.channels.dry_runs.router import router as dry_runs
from services.channels.overviews.router import router as overviews
from services.channels.partner_cases.router import router as partner_cases
from services.channels.partner_contacts.router import router as partner_contacts
from services.channels.partner_criteria.router import router as partner_criteria
from services.channels.partner_documents.router import router as partner_documents
from services.channels.partner_logs.router import router as partner_logs
from services.channels.partner_screening.router import router as partner_screening
from services.channels.partner_tasks.router import router as partner_tasks
from services.channels.partners.router import router as partners
from services.channels.performance.router import router as performance
from services.channels.points.router import router as points
from services.channels.points_draws.router import router as points_draws
from services.channels.price_approvals.router import router as price_approvals
from services.channels.price_books.router import router as price_books
from services.channels.product_costs.router import router as product_costs
from services.channels.products.router import router as products
from services.channels.programmes.router import router as programmes
from services.channels.promotion_groups.router import router as promotion_groups
from services.channels.promotions.router import router as promotions
from services.channels.quotes.router import router as quotes
from services.channels.rebates.router import router as rebates
from services.channels.simulations.router import router as simulations
from services.channels.statements.router import router as statements
from services.channels.subscriptions import subscriptions
from services.channels.terms.router import router as terms
from services.channels.tier_evaluations.router import router as tier_evaluations
from services.channels.tier_programmes.router import router as tier_programmes
from services.channels.trainings.router import router as trainings

ROUTERS: tuple[APIRouter, ...] = (
    products,
    product_costs,
    price_books,
    price_approvals,
    competitor_prices,
    performance,  # its path comes before that of a channel
    channels,
    channel_costs,
    promotion_groups,
    promotions,
    dry_runs,
    coupons,
    quotes,
    terms,
    points,
    points_draws,
    partners,
    partner_criteria,
    partner_screening,
    partner_cases,
    partner_contacts,
    partner_documents,
    partner_tasks,
    partner_logs,
    trainings,
    certificates,
    agreements,
    deals,
    conflicts,
    channel_policies,
    tier_programmes,
    tier_evaluations,
    programmes,
    rebates,
    simulations,
    statements,
    adjustments,
    overviews,
    operations_router(subscriptions),
)
