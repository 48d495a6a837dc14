"""Who may see by what applicants are weighed, who writes it and who lets it count."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "partner-criteria:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partner-criteria:write": frozenset({CHANNEL_MANAGER}),
    "partner-criteria:publish": frozenset({SALES_DIRECTOR}),
}
