"""List of plans, and whom it shows them to."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.targets.plans.models import Plan

_SHOWN = ("base_revision", "revision", "reason")
PLANS = ListSpec(
    source="target_plan p JOIN target t ON t.id = p.root_id",
    fields=fields_of(Plan, "p", sortable=("name", "created_at"), unfiltered=_SHOWN),
    search=("p.name",),
    search_key=search_of(Plan, "p"),
)
