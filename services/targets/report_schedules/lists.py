"""List of report schedules."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.report_schedules.models import ReportSchedule

REPORT_SCHEDULES = ListSpec(
    source="report_schedule s",
    fields={
        **fields_of(ReportSchedule, "s", sortable=("created_at",), unfiltered=("version", "local_time")),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = s.unit_id AND u.path && {})", output=False
        ),
    },
    default_sort="-created_at",
)
OF_UNIT = "s.unit_id"
"""By what it is decided who sees one."""
