"""Who may see trainings of partners, and who enters them and who came; they have no owner."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SELLERS

GRANTS: Grants = {
    "trainings:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "trainings:write": frozenset({CHANNEL_MANAGER}),
}
