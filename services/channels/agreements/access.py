"""Who may see agreements, write them, and sign or end them; they have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "agreements:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "agreements:write": frozenset({CHANNEL_MANAGER}),
    "agreements:sign": frozenset({SALES_DIRECTOR}),
}
