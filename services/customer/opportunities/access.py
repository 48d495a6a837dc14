"""Who may do what with opportunities."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, LEADERS, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "opportunities:read": EVERYONE - {SERVICE_AGENT},
    "opportunities:write": SELLERS,
    "opportunities:backdate": LEADERS,
}
