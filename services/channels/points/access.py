"""Who may see, run and adjust points."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, EVERYONE, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "points-programmes:read": EVERYONE,
    "points-programmes:write": frozenset({CHANNEL_MANAGER}),
    "points:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "points:write": SELLERS | {CHANNEL_MANAGER},
    "points:approve": frozenset({SALES_DIRECTOR}),
}
