"""Who keeps indicators, and resolves their alerts."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER

GRANTS: Grants = {"indicators:write": frozenset({RISK_OFFICER})}
