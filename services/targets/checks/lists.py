"""List of the checks of a target."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.targets.checks.models import TargetCheckRun

CHECK_RUNS = ListSpec(
    source="target_check c",
    fields=fields_of(TargetCheckRun, "c", sortable=("recorded_at",)),
    default_sort="-recorded_at",
)
OF_TARGET = "c.target_id = $1::uuid"
