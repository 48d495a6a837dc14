"""What dates bring about: a promotion is scheduled, begins, ends."""

from __future__ import annotations

from collections.abc import Sequence

from kit import clock
from kit.due.due import Due
from kit.work import Work
from services.channels.promotions import service
from services.channels.promotions.models import Promotion
from services.channels.promotions.rules import next_course


async def follow_windows(work: Work, rows: Sequence[Promotion]) -> None:
    """Take every step whose moment has come, in order: after a week off each of them, none twice."""
    now = clock.now()
    for row in rows:
        current = row
        while (course := next_course(current.state, current.starts_at, current.ends_at, now)) and course.at <= now:
            current = await service.move_by_date(work, current, course.state, course.at)


PROMOTIONS_DUE = Due("promotion", Promotion, follow_windows, "t.due_at IS NOT NULL")
