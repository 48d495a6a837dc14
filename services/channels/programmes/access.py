"""Who may do what with rebate programmes."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, LEADERS, RISK_OFFICER

GRANTS: Grants = {
    "programmes:read": LEADERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "programmes:write": frozenset({CHANNEL_MANAGER}),
}
