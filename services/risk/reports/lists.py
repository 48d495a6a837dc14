"""Lists of snapshots."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.reports.models import RiskSnapshot

OWNER = "NULL::uuid"
"""They show the whole company: whoever does not see everything sees none."""
SNAPSHOTS = ListSpec(
    source="risk_snapshot s",
    fields=fields_of(RiskSnapshot, "s", sortable=("day",), without=("body",)),
    default_sort="-day",
)
SNAPSHOT = replace(SNAPSHOTS, fields={**SNAPSHOTS.fields, "body": Field("s.body", "json")})
"""One of them, with what it shows."""
