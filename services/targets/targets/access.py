"""Who may do what with targets and their decompositions."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, LEADERS, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "targets:read": SELLERS | {AUDITOR},
    "targets:write": frozenset({SALES_DIRECTOR}),
    "targets:propose": LEADERS,
    "targets:approve": LEADERS,
}
