"""Who may see what competitors ask, and enter it."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "competitor-prices:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "competitor-prices:write": SELLERS | {CHANNEL_MANAGER},
}
