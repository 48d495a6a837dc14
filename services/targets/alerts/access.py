"""Who sees alerts of targets and acknowledges them."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, SELLERS

GRANTS: Grants = {"alerts:read": SELLERS | {AUDITOR}, "alerts:write": SELLERS}
