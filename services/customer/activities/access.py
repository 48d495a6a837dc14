"""Who may do what with activities."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "activities:read": EVERYONE,
    "activities:write": SELLERS | {SERVICE_AGENT},
}
