"""Who may do what with rule sets; labels are read with their accounts."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {"insights:read": EVERYONE, "policies:write": frozenset({SALES_DIRECTOR})}
