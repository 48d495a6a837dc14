"""List of scenarios."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.risk.scenarios.models import Scenario

SCENARIOS = ListSpec(
    source="scenario s JOIN risk r ON r.id = s.risk_id",
    fields=fields_of(Scenario, "s", sortable=("name", "created_at")),
    search=("s.name",),
    search_key=search_of(Scenario, "s"),
    default_sort="created_at",
)
