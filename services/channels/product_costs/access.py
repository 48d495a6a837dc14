"""Who may see what things cost, and enter it."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, LEADERS

GRANTS: Grants = {
    "costs:read": LEADERS | {CHANNEL_MANAGER, AUDITOR},
    "costs:write": frozenset({CHANNEL_MANAGER}),
}
