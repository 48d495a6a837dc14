"""Who may see documents of partners, and who enters them; they have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "partner-documents:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "partner-documents:write": frozenset({CHANNEL_MANAGER}),
}
