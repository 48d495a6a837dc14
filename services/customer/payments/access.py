"""Who may do what with payments."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, LEADERS, RISK_OFFICER

GRANTS: Grants = {
    "payments:read": EVERYONE,
    "payments:write": LEADERS | {RISK_OFFICER},
}
