"""Who sets how targets are approved and closed."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import SALES_DIRECTOR

GRANTS: Grants = {"policy:write": frozenset({SALES_DIRECTOR})}
