"""Who may see and grant standing approvals of prices."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "price-approvals:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "price-approvals:write": frozenset({SALES_DIRECTOR}),
}
