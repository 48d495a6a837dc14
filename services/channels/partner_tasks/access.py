"""Who may see what is to be done before a partner sells, and who writes it; tasks have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "partner-tasks:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partner-tasks:write": frozenset({CHANNEL_MANAGER}),
}
