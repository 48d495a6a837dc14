"""List of controls."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.risk.controls.models import Control

CONTROLS = ListSpec(
    source="control c JOIN risk r ON r.id = c.risk_id",
    fields=fields_of(Control, "c", sortable=("title", "tested_on", "created_at")),
    search=("c.title",),
    search_key=search_of(Control, "c"),
    default_sort="created_at",
)
