"""Use cases of receivables: days sales outstanding of the company, an account, an owner or a partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from kit.db.lists import ListSpec
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.receivables import repository
from services.risk.receivables.enums import AgeingBy
from services.risk.receivables.repository import Chosen
from services.risk.receivables.rules import Outstanding, figures, month_before, outstanding_days, window_start
from services.risk.receivables.schemas import AgeingRead, FiguresQuery, FiguresRead
from services.risk.redirects.service import groups_of

NOUN = "receivable"
PROJECTIONS = ("receivable", "account_redirect")
"""What the answers are read from."""
AGEING = repository.ageing_spec(AgeingBy.TOTAL, "TRUE")
"""The list as it is documented."""
RECENT_MONTHS = 6
"""Months that are counted back at first: nearly always enough."""


def ageing(work: Work, as_of: date, by: AgeingBy) -> tuple[ListSpec, str, tuple[object, ...]]:
    """The list of an ageing at the end of a day over what the caller sees: spec, condition, parameters."""
    spec = repository.ageing_spec(by, work.visible.sees("d.owner_id", 2))
    return spec, "$1::date IS NOT NULL", (as_of, *work.visible.args)


async def read_ageing(work: Work, as_of: date) -> AgeingRead:
    """The whole of what the caller sees at the end of a day."""
    return AgeingRead.model_validate(await repository.aged(work.tx, work.visible, as_of))


async def read_figures(work: Work, query: FiguresQuery) -> FiguresRead:
    """Figures at the end of a day over what the caller sees, on request of an account (with all that are one with it),
    an owner or a partner; raises NotHeardYet where nothing was sold to an id because nobody told of it."""
    as_of, window_days, account_id = query.as_of or work.today, query.window_days, query.account_id
    members = None if account_id is None else (await groups_of(work, [account_id])).members(account_id)
    chosen = Chosen(as_of, members, query.owner_id, query.partner_id, work.visible)
    owed = await repository.owed(work.tx, chosen)
    first = await repository.first_sale(work.tx, chosen)
    if first is None and await repository.first_sale(work.tx, chosen._replace(as_of=date.max)) is None:
        await directory.check_chosen(work, account_id, query.owner_id, query.partner_id)
    window, recent = window_start(as_of, window_days), (as_of.year, as_of.month)
    for _ in range(RECENT_MONTHS - 1):
        recent = month_before(recent)
    since = min(window.replace(day=1), date(*recent, 1))
    sales_of, sales = await repository.sales_by_month(work.tx, chosen, since, window)
    if first is not None and first < since and sum(sales_of.values()) <= owed.owed:
        sales_of, sales = await repository.sales_by_month(work.tx, chosen, first.replace(day=1), window)
    history = None if first is None else (first.year, first.month)
    found = figures(Outstanding(sales, owed.owed, owed.not_due, sales_of, history), as_of, window_days)
    days = {} if found is None else asdict(found)
    return FiguresRead(
        as_of=as_of,
        window_days=window_days,
        sales=sales,
        owed=owed.owed,
        not_due=owed.not_due,
        insufficient_data=found is None,
        **days,
    )


async def days_outstanding(
    work: Work, window_days: int, *, account_id: UUID | None, partner_id: UUID | None
) -> str | None:
    """Days sales outstanding at the end of today, as `read_figures` has them (one decimal, as text) and without what
    only its other figures need; None without sales in the window."""
    members = None if account_id is None else (await groups_of(work, [account_id])).members(account_id)
    chosen = Chosen(work.today, members, None, partner_id, work.visible)
    sales = await repository.sales(work.tx, chosen, window_start(work.today, window_days))
    if sales <= 0:
        return None
    await repository.plan_by_day(work.tx)
    return outstanding_days((await repository.owed(work.tx, chosen)).owed, sales, window_days)


async def paid_by_day(work: Work, order_ids: Sequence[UUID]) -> list[tuple[date, int]]:
    """What was paid of orders less what went back (minor units of the base currency), by business day."""
    return await repository.paid_by_day(work.tx, order_ids) if order_ids else []
