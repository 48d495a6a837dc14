"""Who may see how applicants were weighed, and who decides on them; scores are entered by who enters partners."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "partner-screenings:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partners:approve": frozenset({SALES_DIRECTOR}),
}
