"""Who sees credit lines."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, SELLERS

GRANTS: Grants = {
    "credits:read": SELLERS | {AUDITOR},
}
