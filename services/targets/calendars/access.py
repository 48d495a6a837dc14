"""Who may change the calendar; everybody who may know the organisation may know its days."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import SALES_DIRECTOR

GRANTS: Grants = {"calendar:write": frozenset({SALES_DIRECTOR})}
