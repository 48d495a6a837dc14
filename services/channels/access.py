"""Who may do what in the channels service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.channels.adjustments.access import GRANTS as ADJUSTMENTS
from services.channels.agreements.access import GRANTS as AGREEMENTS
from services.channels.certificates.access import GRANTS as CERTIFICATES
from services.channels.channel_policies.access import GRANTS as CHANNEL_POLICIES
from services.channels.channels.access import GRANTS as CHANNELS
from services.channels.competitor_prices.access import GRANTS as COMPETITOR_PRICES
from services.channels.conflicts.access import GRANTS as CONFLICTS
from services.channels.deals.access import GRANTS as DEALS
from services.channels.partner_contacts.access import GRANTS as PARTNER_CONTACTS
from services.channels.partner_criteria.access import GRANTS as PARTNER_CRITERIA
from services.channels.partner_documents.access import GRANTS as PARTNER_DOCUMENTS
from services.channels.partner_logs.access import GRANTS as PARTNER_LOGS
from services.channels.partner_screening.access import GRANTS as PARTNER_SCREENING
from services.channels.partner_tasks.access import GRANTS as PARTNER_TASKS
from services.channels.partners.access import GRANTS as PARTNERS
from services.channels.points.access import GRANTS as POINTS
from services.channels.points_draws.access import GRANTS as POINTS_DRAWS
from services.channels.price_approvals.access import GRANTS as PRICE_APPROVALS
from services.channels.price_books.access import GRANTS as PRICE_BOOKS
from services.channels.product_costs.access import GRANTS as PRODUCT_COSTS
from services.channels.products.access import GRANTS as PRODUCTS
from services.channels.programmes.access import GRANTS as PROGRAMMES
from services.channels.promotion_groups.access import GRANTS as PROMOTION_GROUPS
from services.channels.promotions.access import GRANTS as PROMOTIONS
from services.channels.quotes.access import GRANTS as QUOTES
from services.channels.rebates.access import GRANTS as REBATES
from services.channels.roles import ADMINISTRATOR, AUDITOR
from services.channels.statements.access import GRANTS as STATEMENTS
from services.channels.terms.access import GRANTS as TERMS
from services.channels.tier_evaluations.access import GRANTS as TIER_EVALUATIONS
from services.channels.tier_programmes.access import GRANTS as TIER_PROGRAMMES
from services.channels.trainings.access import GRANTS as TRAININGS

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR,
    OPERATIONS,
    ADJUSTMENTS,
    AGREEMENTS,
    CERTIFICATES,
    CHANNELS,
    CHANNEL_POLICIES,
    COMPETITOR_PRICES,
    CONFLICTS,
    DEALS,
    PARTNERS,
    PARTNER_CONTACTS,
    PARTNER_CRITERIA,
    PARTNER_DOCUMENTS,
    PARTNER_LOGS,
    PARTNER_SCREENING,
    PARTNER_TASKS,
    POINTS,
    POINTS_DRAWS,
    PRICE_APPROVALS,
    PRICE_BOOKS,
    PRODUCT_COSTS,
    PRODUCTS,
    PROGRAMMES,
    PROMOTION_GROUPS,
    PROMOTIONS,
    QUOTES,
    REBATES,
    STATEMENTS,
    TERMS,
    TIER_EVALUATIONS,
    TIER_PROGRAMMES,
    TRAININGS,
)
