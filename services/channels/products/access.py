"""Who may do what with products."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import CHANNEL_MANAGER, EVERYONE

GRANTS: Grants = {
    "products:read": EVERYONE,
    "products:write": frozenset({CHANNEL_MANAGER}),
}
