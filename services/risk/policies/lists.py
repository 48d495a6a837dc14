"""List of policies."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.risk.policies.models import RiskPolicy

POLICIES = ListSpec(
    source="risk_policy p",
    fields=fields_of(RiskPolicy, "p", sortable=("created_at",), without=("activation",)),
    search=("p.reason",),
    default_sort="created_at",
)
