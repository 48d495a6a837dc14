"""Who may do what with contacts; whose they are is the account's affair."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "contacts:read": EVERYONE,
    "contacts:write": SELLERS | {SERVICE_AGENT},
}
