"""What dates bring about: a report of each period that is over. After days without a worker each of them gets its own,
one after the other, which says that it is late."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.targets.report_schedules.models import ReportSchedule
from services.targets.report_schedules.service import advance
from services.targets.reports.service import write_report


async def write_reports(work: Work, rows: Sequence[ReportSchedule]) -> None:
    """Write the report that each schedule has due, and wait for the end of the next period."""
    for row in rows:
        await write_report(work, row)
        await advance(work, row)


REPORTS_DUE = Due("target-report", ReportSchedule, write_reports, "t.due_at IS NOT NULL", batch=5)
