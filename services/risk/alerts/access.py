"""Who acknowledges alerts."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER, SALES_MANAGER, SALES_REP

GRANTS: Grants = {"risk-alerts:write": frozenset({RISK_OFFICER, SALES_MANAGER, SALES_REP})}
