"""Who may see and write groups of promotions."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "promotions:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "promotions:write": frozenset({CHANNEL_MANAGER}),
}
