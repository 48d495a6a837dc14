"""What time brings about: clocks run out, cases are escalated.

The due row is the case, not its clock: commands lock the case before its clocks, and so does the worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit import clock
from kit.due.due import Due
from kit.work import Work
from services.customer.cases import service
from services.customer.cases.models import Case
from services.customer.slas import service as slas


async def follow_clocks(work: Work, rows: Sequence[Case]) -> None:
    """Let the clocks of cases do what is due, under the calendar as it is now; what is not due yet waits on."""
    clocks, now = await slas.clocks_of(work, [row.id for row in rows]), clock.now()
    held = [service.Held(row, clocks[row.id], now) for row in rows]
    await service.keep(work, await service.pass_time(work, held))


CASES_DUE = Due("case", Case, follow_clocks, "t.due_at IS NOT NULL")
