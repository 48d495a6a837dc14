"""Who sees KPIs and defines them; cost and margin are for those who may know costs."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, CHANNEL_MANAGER, LEADERS, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "kpis:read": SELLERS | {AUDITOR},
    "kpis:write": frozenset({SALES_DIRECTOR}),
    "costs:read": LEADERS | {CHANNEL_MANAGER, AUDITOR},
}
