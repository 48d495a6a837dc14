"""List of rule sets."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.rule_sets.models import RuleSet

RULE_SETS = ListSpec(
    source="rule_set r",
    fields={
        **fields_of(RuleSet, "r", sortable=("axis", "created_at"), without=("updated_at", "fallback")),
        "default": Field("r.fallback", nullable=True, filterable=False),
    },
    default_sort="-created_at",
)
