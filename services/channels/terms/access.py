"""Who may see what orders take of promotions, and ask it back."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.quotes.access import READERS
from services.channels.roles import CHANNEL_MANAGER, SALES_DIRECTOR, SALES_MANAGER

GRANTS: Grants = {
    "terms:read": READERS,
    "terms:release": frozenset({SALES_DIRECTOR, SALES_MANAGER, CHANNEL_MANAGER}),
}
