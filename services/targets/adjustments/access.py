"""Who writes and approves adjustments; who reads targets reads them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import LEADERS

GRANTS: Grants = {"adjustments:write": LEADERS, "adjustments:approve": LEADERS}
