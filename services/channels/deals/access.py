"""Who may see deals, register them, and decide on them; a deal is seen by its owner and by its account's."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "deals:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "deals:write": SELLERS | {CHANNEL_MANAGER},
    "deals:approve": frozenset({SALES_DIRECTOR}),
}
