"""Who may do what with commits."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import SELLERS

GRANTS: Grants = {"commits:write": SELLERS}
