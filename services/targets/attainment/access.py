"""Who sees attainment; rebuilding it is left to the administrator."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, SELLERS

GRANTS: Grants = {
    "attainment:read": SELLERS | {AUDITOR},
    "attainment:rebuild": frozenset(),
}
