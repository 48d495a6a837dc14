"""Accounts are looked at soon after an answer or a merge, and when an answer becomes too old to count."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.customer.satisfaction import repository
from services.customer.satisfaction.models import Satisfaction, SatisfactionMark
from services.customer.satisfaction.service import look_at


async def look_on_the_day(work: Work, rows: Sequence[Satisfaction]) -> None:
    """Answers have become too old."""
    await look_at(work, [row.id for row in rows])


async def look_at_marked(work: Work, rows: Sequence[SatisfactionMark]) -> None:
    """Something has happened to accounts; however much, they are looked at once."""
    await look_at(work, {row.account_id for row in rows})
    await repository.drop_marks(work.tx, [row.id for row in rows])


SATISFACTION_DUE = Due("satisfaction", Satisfaction, look_on_the_day, "t.due_at IS NOT NULL")
SATISFACTION_MARKS_DUE = Due("satisfaction_mark", SatisfactionMark, look_at_marked)
