"""Who may plan what becomes of active targets, approve it, and let it become so."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import LEADERS, SALES_DIRECTOR

GRANTS: Grants = {
    "plans:write": LEADERS,
    "plans:approve": LEADERS,
    "plans:promote": frozenset({SALES_DIRECTOR}),
}
