"""How far targets are is told when something was credited to them: once a minute, the last value.

Marks become news of targets by one statement for all of them; a target's own row is due then. What is credited while it
is worked marks it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kit import clock
from kit.work import Work
from services.targets.alerts import service as alerts
from services.targets.alerts.service import Progress
from services.targets.attainment.standings import items_by_target
from services.targets.calendars.service import company_calendar
from services.targets.credit_marks import service as credit_marks
from services.targets.credit_marks.models import CreditMark
from services.targets.credit_marks.service import MINUTE
from services.targets.updates import repository
from services.targets.updates.models import TargetNews

AGAIN = timedelta(seconds=5)
"""After which a target is looked at again that was being judged."""


async def follow_marks(work: Work, marks: Sequence[CreditMark]) -> None:
    """Let the targets that marks are about tell of it."""
    await repository.note_news(work.tx, marks, clock.now(), MINUTE)
    await credit_marks.followed(work, marks)


async def tell_news(work: Work, rows: Sequence[TargetNews]) -> None:
    """Announce how far targets are by now, those whose value is another than they told."""
    live = await alerts.live_targets(work, [row.id for row in rows])
    items = await items_by_target(work, list(live), work.today, await company_calendar(work))
    news = {row.id: row for row in rows}
    changed = [
        Progress(live[target_id], item)
        for target_id, item in items.items()
        if (item.actual, item.base) != (news[target_id].value, news[target_id].base)
    ]
    said = await alerts.say_progress(work, changed, work.today)
    now, written = clock.now(), []
    for one in changed:
        row: TargetNews = news.pop(one.target.id)
        told = {"due_at": None, "said_at": now, "value": one.item.actual, "base": one.item.base}
        written.append(row.model_copy(update=told if one.target.id in said else {"due_at": now + AGAIN}))
    written += [_at_rest(row) for row in news.values() if row.id in live]
    await repository.write_news(work.tx, written)
    await repository.forget_news(work.tx, [row.id for row in rows if row.id not in live])


def _at_rest(row: TargetNews) -> TargetNews:
    return row.model_copy(update={"due_at": None})
