"""Accounts are looked at when a day may change where they stand, and soon after an order or a return."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.customer.lifecycle import repository
from services.customer.lifecycle.models import Lifecycle, LifecycleMark
from services.customer.lifecycle.service import look_at


async def look_on_the_day(work: Work, rows: Sequence[Lifecycle]) -> None:
    """A day has come on which accounts may stand elsewhere."""
    await look_at(work, [row.id for row in rows])


async def look_at_marked(work: Work, rows: Sequence[LifecycleMark]) -> None:
    """Something has happened to accounts; however much, they are looked at once."""
    await look_at(work, {row.account_id for row in rows})
    await repository.drop_marks(work.tx, [row.id for row in rows])


LIFECYCLE_DUE = Due("lifecycle", Lifecycle, look_on_the_day, "t.due_at IS NOT NULL")
MARKS_DUE = Due("lifecycle_mark", LifecycleMark, look_at_marked)
