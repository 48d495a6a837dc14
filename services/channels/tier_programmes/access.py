"""Who may see levels of partners, write programmes of them and let them count; they have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "tiers:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "tiers:write": frozenset({CHANNEL_MANAGER}),
    "tiers:publish": frozenset({SALES_DIRECTOR}),
}
