"""Who may let promotions count; reading and writing them is granted with their groups."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import SALES_DIRECTOR

GRANTS: Grants = {"promotions:approve": frozenset({SALES_DIRECTOR})}
