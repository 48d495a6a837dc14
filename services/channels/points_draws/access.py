"""Who sees draws, who writes them, and who opens them; tickets go by the permissions of points."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import CHANNEL_MANAGER, EVERYONE, SALES_DIRECTOR

GRANTS: Grants = {
    "points-draws:read": EVERYONE,
    "points-draws:write": frozenset({CHANNEL_MANAGER}),
    "points-draws:approve": frozenset({SALES_DIRECTOR}),
}
