"""Who may do what with exchange rates."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {
    "exchange-rates:read": EVERYONE,
    "exchange-rates:write": frozenset({SALES_DIRECTOR}),
}
