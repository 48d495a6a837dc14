"""List of targets."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.targets.models import Target

_SHOWN = ("computed", "weight", "locked", "floor", "cap", "reason", "driver_values", "version")

TARGETS = ListSpec(
    source="target t",
    fields={
        **fields_of(Target, "t", sortable=("name", "amount", "period_start"), unfiltered=_SHOWN),
        "currency": Field("t.currency", "currency"),
    },
    search=("t.name",),
    search_key=search_of(Target, "t"),
)
VISIBLE = "t.member_id = ANY($1::uuid[]) OR t.unit_id = ANY($2::uuid[])"
"""Condition of what a caller sees."""
