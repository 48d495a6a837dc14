"""Who may see certificates of partners, and who enters them; they have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "certificates:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "certificates:write": frozenset({CHANNEL_MANAGER}),
}
