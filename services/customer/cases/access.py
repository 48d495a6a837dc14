"""Who may do what with cases."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, LEADERS, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "cases:read": EVERYONE,
    "cases:write": SELLERS | {SERVICE_AGENT},
    "cases:approve": LEADERS,
}
