"""What other slices say to indicators: what a measure is read from has changed, and for whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit import clock
from kit.ids import new_id
from kit.work import Work
from services.risk.marks import repository
from services.risk.marks.enums import IndicatorMeasure
from services.risk.marks.models import IndicatorMark, Touched


async def mark(work: Work, measures: Collection[IndicatorMeasure], touched: Touched | None) -> None:
    """Indicators of these measures are evaluated soon: those of whom is touched and of the company, or all (None)."""
    now = clock.now()
    accounts = () if touched is None else tuple(sorted(touched.account_ids))
    members = () if touched is None else tuple(sorted(touched.members))
    days = () if touched is None else tuple(sorted(touched.days))
    marks: list[IndicatorMark] = [
        IndicatorMark(
            id=new_id(),
            measure=measure,
            due_at=now,
            is_whole=touched is None,
            account_ids=accounts,
            members=members,
            days=days,
        )
        for measure in sorted(measures)
    ]
    await repository.add_marks(work.tx, marks)


async def drop_marks(work: Work, ids: Sequence[UUID]) -> None:
    """These marks were seen."""
    await repository.drop_marks(work.tx, ids)
