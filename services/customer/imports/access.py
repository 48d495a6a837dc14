"""Who may import: each row asks for the permission of what it becomes besides."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import LEADERS

GRANTS: Grants = {"imports:write": LEADERS}
