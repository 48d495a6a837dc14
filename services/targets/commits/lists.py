"""List of commits."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.targets.commits.models import TargetCommit

COMMITS = ListSpec(
    source="target_commit c",
    fields=fields_of(TargetCommit, "c", sortable=("number",), unfiltered=("note",)),
    key="number",
    default_sort="-number",
)
OF_TARGET = "c.target_id = $1::uuid"
