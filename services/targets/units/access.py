"""Who may do what with units: everybody may know the organisation."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {
    "units:read": EVERYONE,
    "units:write": frozenset({SALES_DIRECTOR}),
}
