"""Sums of the company that indicators are read from, so that what one costs does not grow with the orders.

They are begun by whoever asks first. A mark names the days and the accounts that its fact has touched, in the
transaction of the fact; whoever takes the mark counts these again from the rows themselves, so that a fact that comes
twice, late or out of order is counted as it stands. Sums of projections that were rebuilt meanwhile begin anew.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from kit.db.database import Tx
from kit.work import Work
from services.risk.sums import repository
from services.risk.sums.enums import SumFamily
from services.risk.sums.models import Concentrated, KeptSum, KindSum

PROJECTIONS: Final[dict[SumFamily, tuple[str, ...]]] = {
    SumFamily.TALLY: ("tally",),
    SumFamily.DISCOUNT: ("discount_tally",),
    SumFamily.SOLD: ("receivable",),
    SumFamily.OWED: ("receivable",),
    SumFamily.SHARE: ("tally",),
}
ALWAYS: Final = (date(1, 1, 2), date(9999, 12, 30))
MOST_DAYS: Final = 31
"""Days that the shares move on by without being counted anew."""
DAY: Final = timedelta(days=1)


async def reset(work: Work) -> None:
    """Nothing that is kept is right any more: whoever asks next counts everything."""
    await repository.lock(work.tx)
    await repository.blank(work.tx, *reversed(ALWAYS))


async def refresh(work: Work, days: Collection[date], account_ids: Collection[UUID]) -> None:
    """Count again what is kept of these days and accounts."""
    for kept in await repository.lock(work.tx):
        if kept.family is SumFamily.SHARE:
            if account_ids and kept.first_day <= kept.last_day:
                await repository.count_shares(work.tx, account_ids, kept.first_day, kept.last_day)
            continue
        touched = {each for each in days if kept.first_day <= each <= kept.last_day}
        if touched:
            await repository.count_days(work.tx, kept.family, touched)


async def tallied(work: Work, days: tuple[date, date]) -> dict[str, KindSum]:
    """What was counted on these days, by kind."""
    await _keep(work, SumFamily.TALLY, *days)
    return await repository.by_kind(work.tx, SumFamily.TALLY, *days)


async def channels(work: Work, days: tuple[date, date]) -> Concentrated:
    """Net confirmed less returned by channel."""
    await _keep(work, SumFamily.TALLY, *days)
    return await repository.channels(work.tx, *days)


async def discounts(work: Work, days: tuple[date, date]) -> dict[str, KindSum]:
    """What orders came to (`net`) and what was taken off before (`discount`)."""
    await _keep(work, SumFamily.DISCOUNT, *days)
    return await repository.by_kind(work.tx, SumFamily.DISCOUNT, *days)


async def sold_on_credit(work: Work, days: tuple[date, date]) -> int:
    """Gross less returns of credit orders."""
    await _keep(work, SumFamily.SOLD, *days)
    found = (await repository.by_kind(work.tx, SumFamily.SOLD, *days)).get("sold")
    return 0 if found is None else found.amount


async def owed_on_credit(work: Work) -> int:
    """What credit orders owe at the end of today."""
    await _keep(work, SumFamily.OWED, *ALWAYS)
    found = (await repository.by_kind(work.tx, SumFamily.OWED, *ALWAYS)).get("credit")
    return (0 if found is None else found.amount) + await repository.later(work.tx, work.today)


async def overdue(work: Work) -> tuple[int, int, int]:
    """Open items, what is open of them, and what of that is overdue and undisputed."""
    await _keep(work, SumFamily.OWED, *ALWAYS)
    whole = (await repository.by_kind(work.tx, SumFamily.OWED, *ALWAYS)).get("open")
    late = (await repository.by_kind(work.tx, SumFamily.OWED, ALWAYS[0], work.today - DAY)).get("open")
    if whole is None:
        return 0, 0, 0
    overdue = 0 if late is None else late.amount - await repository.disputed(work.tx, work.today)
    return whole.things, whole.amount, overdue


async def customers(work: Work, days: tuple[date, date]) -> Concentrated:
    """Net confirmed less returned by customer."""
    kept: KeptSum
    kept, since = await _kept(work, SumFamily.SHARE)
    moved: KeptSum = KeptSum(family=SumFamily.SHARE, since=since, first_day=days[0], last_day=days[1])
    if kept.since != since or not _moves_on(kept, *days):
        await repository.forget(work.tx, SumFamily.SHARE)
        await repository.put(work.tx, moved)
        await repository.fill_shares(work.tx, *days)
    elif (kept.first_day, kept.last_day) != days:
        touched = await repository.buyers(work.tx, (kept.first_day, days[0]), (kept.last_day, days[1]))
        await repository.put(work.tx, kept.model_copy(update={"first_day": days[0], "last_day": days[1]}))
        await repository.count_shares(work.tx, touched, *days)
    return await repository.concentrated(work.tx)


def _moves_on(kept: KeptSum, first: date, last: date) -> bool:
    """Whether few days go and come, and none comes back."""
    return kept.first_day <= first and kept.last_day <= last and (first - kept.first_day).days <= MOST_DAYS


async def _kept(work: Work, family: SumFamily) -> tuple[KeptSum, datetime]:
    """What is kept of a family, and since when what it is of has stood. All families are held at once: who holds one
    never waits for another."""
    held = {one.family: one for one in await repository.lock(work.tx)}
    if len(held) < len(SumFamily):
        await repository.begin(work.tx, [_blank(each) for each in sorted(SumFamily)])
        held = {one.family: one for one in await repository.lock(work.tx)}
    return held[family], await repository.since(work.tx, PROJECTIONS[family])


def _blank(family: SumFamily) -> KeptSum:
    never = datetime(1970, 1, 1, tzinfo=UTC)
    row: KeptSum = KeptSum(family=family, since=never, first_day=ALWAYS[1], last_day=ALWAYS[0])
    return row


async def _keep(work: Work, family: SumFamily, first: date, last: date) -> None:
    """Keep the days from `first` to `last`, beside those that are kept already."""
    kept: KeptSum
    kept, since = await _kept(work, family)
    if kept.since != since or kept.first_day > kept.last_day:
        await repository.forget(work.tx, family)
        await repository.fill_days(work.tx, family, first, last)
        row: KeptSum = KeptSum(family=family, since=since, first_day=first, last_day=last)
        await repository.put(work.tx, row)
        return
    if first < kept.first_day:
        await repository.fill_days(work.tx, family, first, kept.first_day - DAY)
    if last > kept.last_day:
        await repository.fill_days(work.tx, family, kept.last_day + DAY, last)
    wider = {"first_day": min(first, kept.first_day), "last_day": max(last, kept.last_day)}
    if wider != {"first_day": kept.first_day, "last_day": kept.last_day}:
        await repository.put(work.tx, kept.model_copy(update=wider))


async def unequal(tx: Tx) -> list[str]:
    """Sums that are not what they are of, of those that stand on what is there now; while a mark waits none is told."""
    found: list[str] = []
    for kept in await repository.settled(tx):
        if kept.since == await repository.since(tx, PROJECTIONS[kept.family]):
            found += await repository.unequal(tx, kept)
    return found
