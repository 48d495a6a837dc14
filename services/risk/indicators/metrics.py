"""What an indicator shows on a day, by its measure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kit.work import Work
from services.risk.indicators import repository
from services.risk.indicators.enums import TallyKind
from services.risk.indicators.models import Indicator
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
from services.risk.receivables.schemas import FiguresQuery

_M = IndicatorMeasure


async def read(work: Work, of: Indicator) -> Reading:
    """The value of an indicator today, and what it rests on."""
    days = window_of(of.measure, of.window_days, work.today)
    match of.measure:
        case _M.OVERDUE_RATIO:
            items = await repository.overdue(work.tx, of, work.today)
            return Reading(share(items.overdue, items.open), items.items)
        case _M.DSO:
            return await _dso(work, of)
        case _M.CUSTOMER_CONCENTRATION:
            return await _concentration(work, of, days, "account_id")
        case _M.CHANNEL_CONCENTRATION:
            return await _concentration(work, of, days, "channel_id")
        case _M.OBLIGATIONS_OVERDUE:
            standing = await repository.obligations(work.tx, of)
            return Reading(standing.late, standing.standing)
        case _M.CHURN_WARNINGS:
            return _count(await repository.warned(work.tx))
        case _M.PARTNER_CONFLICTS:
            return _count(await repository.conflicts(work.tx, of))
        case _M.FLOOR_BREACHES:
            return _count(await repository.breaches(work.tx, of, days))
        case _M.DISCOUNT_DEPTH:
            given = await repository.discounts(work.tx, of, days)
            return Reading(share(given.discount, given.net + given.discount), given.orders)
        case _M.TARGET_SHORTFALL:
            found = await repository.pace(work.tx, of.target_id)
            return NO_DATA if found is None else Reading(shortfall(found.pace), int(found.pace is not None))
        case _:
            return await _rate(work, of, days)


def _count(found: int) -> Reading:
    return Reading(found, found)


async def _dso(work: Work, of: Indicator) -> Reading:
    """Days sales outstanding, in tenths of a day."""
    window = of.window_days or WINDOWS[_M.DSO]
    found = await receivables.read_figures(
        work, FiguresQuery(window_days=window, account_id=of.account_id, partner_id=of.partner_id)
    )
    return NO_DATA if found.dso is None else Reading(int(Decimal(found.dso) * 10), 1)


async def _concentration(work: Work, of: Indicator, days: tuple[date, date], column: str) -> Reading:
    found = await repository.groups(work.tx, of, days, column)
    return Reading(concentration(int(found.squares), int(found.total)), found.groups)


async def _rate(work: Work, of: Indicator, days: tuple[date, date]) -> Reading:
    kinds = (TallyKind.PLACED, TallyKind.CANCELLED, TallyKind.CONFIRMED, TallyKind.RETURNED)
    answers = (TallyKind.ANSWER, TallyKind.PROMOTER, TallyKind.DETRACTOR)
    sums = await repository.sums(work.tx, of, days, *kinds, *answers)
    placed, confirmed = sums[TallyKind.PLACED].things, sums[TallyKind.CONFIRMED]
    match of.measure:
        case _M.COMPLAINT_RATE:
            cases = await repository.cases(work.tx, of, days)
            return Reading(share(cases.complaints, confirmed.things), confirmed.things)
        case _M.SLA_BREACH_RATE:
            cases = await repository.cases(work.tx, of, days)
            return Reading(share(cases.breached, cases.cases), cases.cases)
        case _M.RETURN_RATE:
            return Reading(share(-sums[TallyKind.RETURNED].amount, confirmed.amount), confirmed.things)
        case _M.CANCELLATION_RATE:
            return Reading(share(sums[TallyKind.CANCELLED].things, placed), placed)
        case _M.REFUSAL_RATE:
            refused = await repository.refused(work.tx, of, days, work.settings.timezone)
            return Reading(share(refused, placed), placed)
        case _:
            promoters, detractors = sums[TallyKind.PROMOTER].things, sums[TallyKind.DETRACTOR].things
            count = sums[TallyKind.ANSWER].things
            return Reading(net_promoters(promoters, detractors, count), count)
