"""Who may do what with channels; they have no owner: who may read them sees all."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import CHANNEL_MANAGER, EVERYONE

GRANTS: Grants = {"channels:read": EVERYONE, "channels:write": frozenset({CHANNEL_MANAGER})}
