"""Who may place and lift holds by hand."""

from __future__ import annotations

from kit.security.principals import Grants
from services.risk.roles import RISK_OFFICER

GRANTS: Grants = {"credit:hold": frozenset({RISK_OFFICER})}
