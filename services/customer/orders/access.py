"""Who may do what with orders, their returns included."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import AUDITOR, CHANNEL_MANAGER, EVERYONE, LEADERS, SELLERS

GRANTS: Grants = {
    "orders:read": EVERYONE,
    "orders:write": SELLERS,
    "orders:backdate": LEADERS,
    "costs:read": LEADERS | {CHANNEL_MANAGER, AUDITOR},
}
