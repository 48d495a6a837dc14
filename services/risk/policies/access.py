"""Who may see policies, write their drafts, and approve those of others."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import AUDITOR, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "risk:read": SELLERS | {RISK_OFFICER, AUDITOR},
    "risk:approve": frozenset({SALES_DIRECTOR}),
    "policies:write": frozenset({RISK_OFFICER}),
}
