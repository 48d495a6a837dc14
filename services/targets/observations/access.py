"""Who enters what was observed; who reads KPIs reads observations too."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import SALES_DIRECTOR

GRANTS: Grants = {"market:write": frozenset({SALES_DIRECTOR})}
