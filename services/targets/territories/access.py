"""Who may do what with territories: everybody may know the organisation."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {
    "territories:read": EVERYONE,
    "territories:write": frozenset({SALES_DIRECTOR}),
}
