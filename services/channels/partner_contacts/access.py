"""Who may see contacts of partners, and who enters them; they have no owner. Who sees addresses and numbers in full is
said by partners."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "partner-contacts:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partner-contacts:write": frozenset({CHANNEL_MANAGER}),
}
