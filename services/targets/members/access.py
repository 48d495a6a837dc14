"""Who may do what with members: everybody may know the organisation."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {
    "members:read": EVERYONE,
    "members:write": frozenset({SALES_DIRECTOR}),
}
