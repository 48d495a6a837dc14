"""Who may enter risks, assess them and keep their controls."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER

GRANTS: Grants = {"risk:write": frozenset({RISK_OFFICER})}
