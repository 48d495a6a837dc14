"""Who may see contracts, draft them, keep them, and decide about those of others."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import AUDITOR, RISK_OFFICER, SALES_DIRECTOR, SALES_MANAGER, SALES_REP, SELLERS

GRANTS: Grants = {
    "contracts:read": SELLERS | {RISK_OFFICER, AUDITOR},
    "contracts:draft": frozenset({RISK_OFFICER, SALES_MANAGER, SALES_REP}),
    "contracts:write": frozenset({RISK_OFFICER}),
    "contracts:approve": frozenset({SALES_DIRECTOR}),
}
