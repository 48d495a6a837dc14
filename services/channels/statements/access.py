"""Who may calculate and pay statements, and who approves them; they are read as rebates are."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import CHANNEL_MANAGER, SALES_DIRECTOR

GRANTS: Grants = {
    "rebate-statements:write": frozenset({CHANNEL_MANAGER}),
    "rebate-statements:approve": frozenset({SALES_DIRECTOR}),
}
