"""Who may see what was talked about with partners, and who writes it down; entries have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "partner-logs:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partner-logs:write": frozenset({CHANNEL_MANAGER}),
}
