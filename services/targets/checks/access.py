"""Who may let a target pass whose checks fail."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import SALES_DIRECTOR

GRANTS: Grants = {"checks:override": frozenset({SALES_DIRECTOR})}
