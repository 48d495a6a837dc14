"""Segments are refreshed every 15 minutes."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.customer.segments.models import Segment
from services.customer.segments.service import refresh


async def refresh_due(work: Work, rows: Sequence[Segment]) -> None:
    """Find the members of segments anew, once for all the times that were missed."""
    for row in rows:
        await refresh(work, row)


SEGMENTS_DUE = Due("segment", Segment, refresh_due, batch=1)
