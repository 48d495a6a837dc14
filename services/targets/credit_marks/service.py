"""What the crediting notes, and who follows it takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from kit import clock
from kit.ids import new_id
from kit.work import Work
from services.targets.credit_marks import repository
from services.targets.credit_marks.models import CreditMark

MINUTE = timedelta(minutes=1)

Place = tuple[date, UUID, UUID | None, str | None, str | None, str | None, UUID | None]
"""Day, member, unit, product line, region, customer type, channel."""


async def mark_credits(work: Work, places: Collection[Place]) -> None:
    """Note where something was credited, until the minute ends."""
    if not places:
        return
    days, members, units, lines, regions, types, channels = zip(*places, strict=True)
    mark = CreditMark(
        id=new_id(),
        due_at=clock.now().replace(second=0, microsecond=0) + MINUTE,
        days=days,
        member_ids=members,
        unit_ids=units,
        product_lines=lines,
        regions=regions,
        customer_types=types,
        channel_ids=channels,
    )
    await repository.add_mark(work.tx, mark)


async def followed(work: Work, marks: Sequence[CreditMark]) -> None:
    """Take marks off the list."""
    await repository.delete_marks(work.tx, [mark.id for mark in marks])
