"""Who may see who sells."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import EVERYONE

GRANTS: Grants = {
    "sellers:read": EVERYONE,
}
