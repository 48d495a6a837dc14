"""Who may do what with surveys; whose answers somebody sees is the accounts' affair."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "surveys:read": EVERYONE,
    "surveys:write": SELLERS | {SERVICE_AGENT},
}
