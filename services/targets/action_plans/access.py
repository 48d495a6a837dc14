"""Who writes action plans; who reads targets reads them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import LEADERS

GRANTS: Grants = {"action_plans:write": LEADERS}
