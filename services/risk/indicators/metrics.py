"""What an indicator shows on a day, by its measure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from kit.work import Work
from services.risk.indicators import repository
from services.risk.indicators.enums import TallyKind
from services.risk.indicators.models import Indicator
from services.risk.indicators.repository import Whose
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
from services.risk.redirects.service import groups_of

_M = IndicatorMeasure
Days = tuple[date, date]
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
            items = await repository.overdue(tx, whose, work.today)
            return Reading(share(items.overdue, items.open), items.items)
        case _M.DSO:
            return await _dso(work, of)
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
            given = await repository.discounts(tx, whose, days)
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


async def _dso(work: Work, of: Indicator) -> Reading:
    """Days sales outstanding, in tenths of a day."""
    found = await receivables.days_outstanding(
        work, of.window_days or WINDOWS[_M.DSO], account_id=of.account_id, partner_id=of.partner_id
    )
    return NO_DATA if found is None else Reading(int(Decimal(found) * 10), 1)


async def _concentration(work: Work, whose: Whose, days: Days, column: str) -> Reading:
    found = await repository.groups(work.tx, whose, days, column)
    return Reading(concentration(int(found.squares), int(found.total)), found.groups)


async def _rate(work: Work, measure: IndicatorMeasure, whose: Whose, days: Days) -> Reading:
    sums = await repository.sums(work.tx, whose, days, *COUNTS[measure]) if measure in COUNTS else {}
    match measure:
        case _M.COMPLAINT_RATE:
            confirmed = sums[TallyKind.CONFIRMED].things
            return Reading(share((await repository.cases(work.tx, whose, days)).complaints, confirmed), confirmed)
        case _M.SLA_BREACH_RATE:
            cases = await repository.cases(work.tx, whose, days)
            return Reading(share(cases.breached, cases.cases), cases.cases)
        case _M.RETURN_RATE:
            sold = sums[TallyKind.CONFIRMED]
            return Reading(share(-sums[TallyKind.RETURNED].amount, sold.amount), sold.things)
        case _M.CANCELLATION_RATE:
            placed = sums[TallyKind.PLACED].things
            return Reading(share(sums[TallyKind.CANCELLED].things, placed), placed)
        case _M.REFUSAL_RATE:
            placed = sums[TallyKind.PLACED].things
            refused = await repository.refused(work.tx, whose, days, work.settings.timezone)
            return Reading(share(refused, placed), placed)
        case _:
            promoters, detractors = sums[TallyKind.PROMOTER].things, sums[TallyKind.DETRACTOR].things
            count = sums[TallyKind.ANSWER].things
            return Reading(net_promoters(promoters, detractors, count), count)
