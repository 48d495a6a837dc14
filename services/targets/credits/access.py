"""Who sees credit lines."""

from __future__ import annotations

from kit.security.fields import FieldPolicy, FieldRule
from kit.security.principals import Grants
from services.targets.roles import AUDITOR, SELLERS

_COST = FieldRule("costs:read", otherwise="none")
LINE_FIELDS: FieldPolicy = {"margin": _COST, "costed_net": _COST}
GRANTS: Grants = {
    "credits:read": SELLERS | {AUDITOR},
}
