"""List of assessments."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.risk.assessments.models import Assessment

ASSESSMENTS = ListSpec(
    source="assessment a JOIN risk r ON r.id = a.risk_id",
    fields=fields_of(Assessment, "a", sortable=("created_at",)),
    default_sort="created_at",
)
