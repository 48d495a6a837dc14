"""The sweep: every minute, and so at 00:00, the accounts and partners are found whose holds are not as they should be.

It asks for the state alone, by index: a change of the policy, days without a worker and facts that came late need
nothing of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from kit import clock
from kit.due.due import Due
from kit.events.projections import require_filled
from kit.work import Work
from services.risk.holds import judging, repository
from services.risk.holds.models import HoldSweep
from services.risk.profiles.enums import SubjectKind

PROJECTIONS: Final = ("receivable",)
"""What holds follow."""
BATCH: Final = 200
EVERY: Final = timedelta(minutes=1)
AT_ONCE: Final = timedelta(microseconds=1)


async def sweep(work: Work, rows: Sequence[HoldSweep]) -> None:
    """Judge accounts and partners whose holds are to change; there may be more of them."""
    await require_filled(work.tx, PROJECTIONS)
    timezone = work.settings.timezone
    accounts = await repository.to_judge(work.tx, work.today, timezone, BATCH)
    partners = await repository.partners_to_judge(work.tx, work.today, BATCH)
    for kind, ids in ((SubjectKind.ACCOUNT, accounts), (SubjectKind.PARTNER, partners)):
        if ids:
            await judging.lock(work, ids, kind)
            await judging.judge(work, ids, kind)
    is_full = len(accounts) == BATCH or len(partners) == BATCH
    for row in rows:
        await repository.put_off(work.tx, row.id, row.due_at + AT_ONCE if is_full else next_minute(clock.now()))


HOLDS_DUE = Due("hold", HoldSweep, sweep)


def next_minute(moment: datetime) -> datetime:
    """The first whole minute after a moment."""
    return moment.replace(second=0, microsecond=0) + EVERY
