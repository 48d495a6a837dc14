"""Who may see conflicts, lead them, and decide where the parties do not agree; a conflict is seen by its owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, LEADERS, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "conflicts:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "conflicts:write": LEADERS | {CHANNEL_MANAGER},
    "conflicts:arbitrate": frozenset({SALES_DIRECTOR}),
}
