"""Who may do what in the channels service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.channels.channels.access import GRANTS as CHANNELS
from services.channels.competitor_prices.access import GRANTS as COMPETITOR_PRICES
from services.channels.partners.access import GRANTS as PARTNERS
from services.channels.price_books.access import GRANTS as PRICE_BOOKS
from services.channels.product_costs.access import GRANTS as PRODUCT_COSTS
from services.channels.products.access import GRANTS as PRODUCTS
from services.channels.programmes.access import GRANTS as PROGRAMMES
from services.channels.promotion_groups.access import GRANTS as PROMOTION_GROUPS
from services.channels.promotions.access import GRANTS as PROMOTIONS
from services.channels.rebates.access import GRANTS as REBATES
from services.channels.roles import ADMINISTRATOR, AUDITOR

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR,
    OPERATIONS,
    CHANNELS,
    COMPETITOR_PRICES,
    PARTNERS,
    PRICE_BOOKS,
    PRODUCT_COSTS,
    PRODUCTS,
    PROGRAMMES,
    PROMOTION_GROUPS,
    PROMOTIONS,
    REBATES,
)
