"""Who may see what partners earn."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR

GRANTS: Grants = {
    "rebates:read": frozenset({CHANNEL_MANAGER, SALES_DIRECTOR, RISK_OFFICER, AUDITOR}),
}
