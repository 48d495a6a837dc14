"""Who may adjust rebates; adjustments are read as rebates are."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import CHANNEL_MANAGER

GRANTS: Grants = {"rebate-adjustments:write": frozenset({CHANNEL_MANAGER})}
