"""Who schedules reports, and who reads them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, LEADERS, SELLERS

GRANTS: Grants = {"reports:read": SELLERS | {AUDITOR}, "reports:write": LEADERS}
