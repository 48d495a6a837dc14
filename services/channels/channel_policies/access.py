"""Who sets the policies of channels, and who reads them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "channel-policies:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "channel-policies:write": frozenset({SALES_DIRECTOR}),
}
