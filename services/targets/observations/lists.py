"""List of observations."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.observations.models import Observation

CURRENT = "NOT EXISTS (SELECT FROM observation later WHERE later.corrects_id = o.id)"
"""Whether nothing corrects it."""

OBSERVATIONS = ListSpec(
    source="observation o",
    fields={
        **fields_of(Observation, "o", sortable=("observed_on", "period_start"), unfiltered=("version",)),
        "is_current": Field(CURRENT, "bool"),
    },
    search=("o.external_id", "o.source"),
    default_sort="-observed_on",
)
VISIBLE = "o.unit_id IS NULL OR o.unit_id = ANY($1::uuid[])"
"""Condition of what a caller of limited scope sees, by units: what is of no unit is everybody's."""
