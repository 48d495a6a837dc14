"""Who may draft studies and run them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER

GRANTS: Grants = {"studies:run": frozenset({RISK_OFFICER})}
