"""Reports of targets. Key: the id of their schedule."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, sample_id


class ReportPublished(Published):
    """A report of a business period was written, and never changes; `sha256` is that of what it shows (JSON without
    spaces, names sorted, in UTF-8), `late_by` by how many seconds it came too late, `targets` how many it shows."""

    id: UUID
    schedule_id: UUID
    unit_id: UUID
    cadence: Literal["daily", "weekly", "monthly"]
    period_key: str
    period_start: date
    period_end: date
    targets: int
    sha256: str
    late_by: int
    business_date: date

    TYPE: ClassVar[str] = "targets.report.published.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "schedule_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("e1"),
        "schedule_id": sample_id("e0"),
        "unit_id": sample_id("b2"),
        "cadence": "weekly",
        "period_key": "2026-W07",
        "period_start": "2026-02-09",
        "period_end": "2026-02-15",
        "targets": 12,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "late_by": 0,
        "business_date": "2026-02-16",
    }


PUBLISHED: tuple[type[Published], ...] = (ReportPublished,)
AGREED: tuple[type[Published], ...] = ()
