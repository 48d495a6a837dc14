"""Who may do what with leads."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SELLERS, SERVICE_AGENT

READ, WRITE = "leads:read", "leads:write"

GRANTS: Grants = {READ: EVERYONE - {SERVICE_AGENT}, WRITE: SELLERS}
