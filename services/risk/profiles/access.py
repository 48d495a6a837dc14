"""Who may set limits."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER

GRANTS: Grants = {
    "credit:write": frozenset({RISK_OFFICER}),
}
