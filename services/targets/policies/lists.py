"""List of policies."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.targets.policies.models import TargetPolicy

POLICIES = ListSpec(
    source="target_policy p",
    fields=fields_of(TargetPolicy, "p", sortable=("version",)),
    search=("p.reason",),
    default_sort="-version",
)
