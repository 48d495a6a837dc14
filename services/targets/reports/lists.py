"""Lists of reports."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.reports.models import Report

REPORTS = ListSpec(
    source="report r",
    fields={
        **fields_of(
            Report,
            "r",
            sortable=("written_at", "period_start", "period_end"),
            unfiltered=("targets", "sha256"),
            without=("body", "root_ids"),
        ),
        "root_id": Field("''", "uuid", match="r.root_ids && {}", output=False),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = r.unit_id AND u.path && {})", output=False
        ),
    },
    default_sort="-written_at",
)
REPORT = replace(REPORTS, fields={**REPORTS.fields, "body": Field("r.body", "json")})
"""One of them, with what it shows."""
OF_UNIT = "r.unit_id"
"""By what it is decided who sees one."""
