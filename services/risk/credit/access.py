"""Who may see credit, and who may decide against a refusal."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import AUDITOR, RISK_OFFICER, SALES_DIRECTOR, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "credit:read": SELLERS | {RISK_OFFICER, SERVICE_AGENT, AUDITOR},
    "credit:override": frozenset({RISK_OFFICER, SALES_DIRECTOR}),
    "credit:override-any": frozenset({SALES_DIRECTOR}),
}
