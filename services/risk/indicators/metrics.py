"""What an indicator shows on a day, by its measure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from kit.work import Work
from services.risk.indicators import repository
from services.risk.indicators.enums import TallyKind
from services.risk.indicators.models import Indicator
from services.risk.indicators.repository import Discounts, Groups, Overdue, Sum, Whose
from services.risk.indicators.rules import (
    NO_DATA,
    WINDOWS,
    Reading,
    concentration,
    net_promoters,
    share,
    shortfall,
    window_of,
)
from services.risk.marks.enums import IndicatorMeasure
from services.risk.receivables import service as receivables
from services.risk.receivables.rules import outstanding_days
from services.risk.redirects.service import groups_of
from services.risk.sums import service as sums
from services.risk.sums.models import Concentrated

_M = IndicatorMeasure
Days = tuple[date, date]
COMPANY: Final = Whose()
"""Everybody's rows."""
COUNTS: Final[dict[IndicatorMeasure, tuple[TallyKind, ...]]] = {
    _M.COMPLAINT_RATE: (TallyKind.CONFIRMED,),
    _M.RETURN_RATE: (TallyKind.CONFIRMED, TallyKind.RETURNED),
    _M.CANCELLATION_RATE: (TallyKind.PLACED, TallyKind.CANCELLED),
    _M.REFUSAL_RATE: (TallyKind.PLACED,),
    _M.SATISFACTION: (TallyKind.ANSWER, TallyKind.PROMOTER, TallyKind.DETRACTOR),
}
"""Which kinds of buckets a rate is counted from."""


async def read(work: Work, of: Indicator) -> Reading:
    """The value of an indicator today, and what it rests on."""
    days, tx = window_of(of.measure, of.window_days, work.today), work.tx
    whose = await _whose(work, of)
    match of.measure:
        case _M.OVERDUE_RATIO:
            items = (
                Overdue(*await sums.overdue(work))
                if whose == COMPANY
                else await repository.overdue(tx, whose, work.today)
            )
            return Reading(share(items.overdue, items.open), items.items)
        case _M.DSO:
            return await _dso(work, of, days, whose)
        case _M.CUSTOMER_CONCENTRATION:
            return await _concentration(work, whose, days, "account_id")
        case _M.CHANNEL_CONCENTRATION:
            return await _concentration(work, whose, days, "channel_id")
        case _M.OBLIGATIONS_OVERDUE:
            standing = await repository.obligations(tx, whose)
            return Reading(standing.late, standing.standing)
        case _M.CHURN_WARNINGS:
            return _count(await repository.warned(tx))
        case _M.PARTNER_CONFLICTS:
            return _count(await repository.conflicts(tx, of.partner_id))
        case _M.FLOOR_BREACHES:
            return _count(await repository.breaches(tx, whose, days))
        case _M.DISCOUNT_DEPTH:
            given = await (_discounts(work, days) if whose == COMPANY else repository.discounts(tx, whose, days))
            return Reading(share(given.discount, given.net + given.discount), given.orders)
        case _M.TARGET_SHORTFALL:
            found = await repository.pace(tx, of.target_id)
            return NO_DATA if found is None else Reading(shortfall(found.pace), int(found.pace is not None))
        case _:
            return await _rate(work, of.measure, whose, days)


async def _whose(work: Work, of: Indicator) -> Whose:
    """Whose rows count for an indicator: its account's are those of all accounts that are one with it."""
    account_id = of.account_id
    members = None if account_id is None else (await groups_of(work, [account_id])).members(account_id)
    return Whose(members, of.partner_id, of.channel_id, of.region, of.product_line)


def _count(found: int) -> Reading:
    return Reading(found, found)


async def _dso(work: Work, of: Indicator, days: Days, whose: Whose) -> Reading:
    """Days sales outstanding, in tenths of a day."""
    if whose == COMPANY:
        sold = await sums.sold_on_credit(work, days)
        if sold <= 0:
            return NO_DATA
        length = (days[1] - days[0]).days + 1
        return Reading(int(Decimal(outstanding_days(await sums.owed_on_credit(work), sold, length)) * 10), 1)
    found = await receivables.days_outstanding(
        work, of.window_days or WINDOWS[_M.DSO], account_id=of.account_id, partner_id=of.partner_id
    )
    return NO_DATA if found is None else Reading(int(Decimal(found) * 10), 1)


async def _concentration(work: Work, whose: Whose, days: Days, column: str) -> Reading:
    found: Groups | Concentrated
    if whose == COMPANY and column == "channel_id":
        found = await sums.channels(work, days)
    elif whose == COMPANY and (days[1] - days[0]).days + 1 == WINDOWS[_M.CUSTOMER_CONCENTRATION]:
        found = await sums.customers(work, days)
    else:
        found = await repository.groups(work.tx, whose, days, column)
    return Reading(concentration(int(found.squares), int(found.total)), found.groups)


async def _overdue(work: Work, whose: Whose) -> Overdue:
    if whose == COMPANY:
        return Overdue(*await sums.overdue(work))
    return await repository.overdue(work.tx, whose, work.today)


async def _discounts(work: Work, days: Days) -> Discounts:
    found = await sums.discounts(work, days)
    net, off = found.get("net"), found.get("discount")
    return Discounts(0, 0, 0) if net is None or off is None else Discounts(net.things, net.amount, off.amount)


async def _counted(work: Work, measure: IndicatorMeasure, whose: Whose, days: Days) -> dict[TallyKind, Sum]:
    """What a rate is counted from: of the company by sums that are kept."""
    kinds = COUNTS.get(measure, ())
    if not kinds or whose != COMPANY:
        return await repository.sums(work.tx, whose, days, *kinds) if kinds else {}
    kept = await sums.tallied(work, days)
    return {each: Sum(each, *(kept[each][1:] if each in kept else (0, 0))) for each in kinds}


async def _rate(work: Work, measure: IndicatorMeasure, whose: Whose, days: Days) -> Reading:
    counted = await _counted(work, measure, whose, days)
    match measure:
        case _M.COMPLAINT_RATE:
            confirmed = counted[TallyKind.CONFIRMED].things
            return Reading(share((await repository.cases(work.tx, whose, days)).complaints, confirmed), confirmed)
        case _M.SLA_BREACH_RATE:
            cases = await repository.cases(work.tx, whose, days)
            return Reading(share(cases.breached, cases.cases), cases.cases)
        case _M.RETURN_RATE:
            sold = counted[TallyKind.CONFIRMED]
            return Reading(share(-counted[TallyKind.RETURNED].amount, sold.amount), sold.things)
        case _M.CANCELLATION_RATE:
            placed = counted[TallyKind.PLACED].things
            return Reading(share(counted[TallyKind.CANCELLED].things, placed), placed)
        case _M.REFUSAL_RATE:
            placed = counted[TallyKind.PLACED].things
            refused = await repository.refused(work.tx, whose, days, work.settings.timezone)
            return Reading(share(refused, placed), placed)
        case _:
            promoters, detractors = counted[TallyKind.PROMOTER].things, counted[TallyKind.DETRACTOR].things
            count = counted[TallyKind.ANSWER].things
            return Reading(net_promoters(promoters, detractors, count), count)
