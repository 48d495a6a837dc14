"""The catalogue of measures: what each counts, of which dimensions, and from which projections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.targets.attainment.enums import Compare
from services.targets.kpis.enums import KpiAmount, KpiDimension, KpiMeasure

M = KpiMeasure
_U, _M, _P, _R, _C, _H = list(KpiDimension)[:6]
Dimensions = frozenset[KpiDimension]

_CREDITS = frozenset({_U, _M, _P, _R, _C})
_LINES = frozenset({_U, _M, _P, _R, _C, _H})
_ORDERS = frozenset({_U, _M, _R, _C, _H})
_ACCOUNTS = frozenset({_U, _M, _R, _C})
_ANSWERS = frozenset({_U, _M, _P, _R, _C})
_SPEND = frozenset({_U, _P, _R, _H})
_PEOPLE = frozenset({_U, _M})

_SALES = ("kpi_sale", "kpi_share")
_OF_VISITS = ("kpi_visit", "kpi_sale", "kpi_account", "account_redirect")
_OF_CLOSINGS = ("kpi_opportunity", "kpi_account")
_OF_ANSWERS = ("kpi_answer", "kpi_account", "kpi_share")
_OF_CASES = ("kpi_case_step", "kpi_account")
_OF_STAGES = ("kpi_stage", "kpi_account", "account_redirect")


class Counted(NamedTuple):
    """A measure: what it counts, in what, of which dimensions, and from which projections; `is_cost` where only who
    may know costs sees it."""

    measure: KpiMeasure
    actual: str
    amount: KpiAmount
    dimensions: Dimensions
    reads: tuple[str, ...] = ()
    is_cost: bool = False


_MONEY, _COUNT, _DAYS, _POINTS = KpiAmount

_CATALOGUE = (
    Counted(M.SIGNED_AMOUNT, "net of confirmed orders by order date, returns not taken off", _MONEY, _CREDITS),
    Counted(M.REVENUE, "net credited, less returns on their days", _MONEY, _CREDITS),
    Counted(M.REVENUE_BEFORE, "revenue of the period before", _MONEY, _CREDITS),
    Counted(M.REVENUE_CHANGE, "revenue less that of the period before", _MONEY, _CREDITS),
    Counted(M.REVENUE_YEAR_BEFORE, "revenue of the same days a year earlier", _MONEY, _CREDITS),
    Counted(M.REVENUE_YEAR_CHANGE, "revenue less that of the same days a year earlier", _MONEY, _CREDITS),
    Counted(M.GROSS_MARGIN, "net less cost of lines whose cost is known", _MONEY, _LINES, _SALES, True),
    Counted(M.COSTED_REVENUE, "net of lines whose cost is known, less returns", _MONEY, _LINES, _SALES),
    Counted(
        M.DUE_AMOUNT,
        "gross less returns of orders due in the period",
        _MONEY,
        _ORDERS,
        (*_SALES, "kpi_payment"),
    ),
    Counted(
        M.COLLECTED_AMOUNT,
        "what of it is paid, of each order no more than is due",
        _MONEY,
        _ORDERS,
        (*_SALES, "kpi_payment"),
    ),
    Counted(M.ORDERS, "confirmed orders by order date", _COUNT, _ORDERS, _SALES),
    Counted(M.CUSTOMERS, "accounts that ordered", _COUNT, _ORDERS, (*_SALES, "account_redirect")),
    Counted(
        M.REPEAT_CUSTOMERS, "accounts that ordered on two days or more", _COUNT, _ORDERS, (*_SALES, "account_redirect")
    ),
    Counted(M.NEW_CUSTOMERS, "first orders of their accounts, less those returned in full", _COUNT, _ORDERS, _SALES),
    Counted(M.HEADS, "members on an average day: their days / the days of the period", _COUNT, _PEOPLE),
    Counted(M.SPEND, "observations of spending, by the share of their days", _MONEY, _SPEND),
    Counted(M.VISITS, "completed visits", _COUNT, _ACCOUNTS, _OF_VISITS),
    Counted(M.MATURE_VISITS, "completed visits that are at least 30 days old", _COUNT, _ACCOUNTS, _OF_VISITS),
    Counted(
        M.CONVERTED_VISITS,
        "of these, visits with an order of the account within 30 days",
        _COUNT,
        _ACCOUNTS,
        _OF_VISITS,
    ),
    Counted(M.WON_OPPORTUNITIES, "opportunities won, by closing day", _COUNT, _ACCOUNTS, _OF_CLOSINGS),
    Counted(M.CLOSED_OPPORTUNITIES, "opportunities won or lost, by closing day", _COUNT, _ACCOUNTS, _OF_CLOSINGS),
    Counted(M.WON_AMOUNT, "amount of opportunities won, by closing day", _MONEY, _ACCOUNTS, _OF_CLOSINGS),
    Counted(M.WON_CYCLES, "opportunities won that closed no earlier than they opened", _COUNT, _ACCOUNTS, _OF_CLOSINGS),
    Counted(M.WON_CYCLE_DAYS, "days from opening to winning of these", _DAYS, _ACCOUNTS, _OF_CLOSINGS),
    Counted(M.CSAT_ANSWERS, "answers to satisfaction surveys", _COUNT, _ANSWERS, _OF_ANSWERS),
    Counted(M.CSAT_TOP, "of these, answers of 4 and 5", _COUNT, _ANSWERS, _OF_ANSWERS),
    Counted(M.NPS_ANSWERS, "answers to the question for a recommendation", _COUNT, _ANSWERS, _OF_ANSWERS),
    Counted(M.NPS_BALANCE, "of these, answers of 9 and 10 less those up to 6", _COUNT, _ANSWERS, _OF_ANSWERS),
    Counted(M.SCORED_ANSWERS, "answers about recommendation, satisfaction and effort", _COUNT, _ANSWERS, _OF_ANSWERS),
    Counted(M.SATISFACTION_POINTS, "their scores as points of 100", _POINTS, _ANSWERS, _OF_ANSWERS),
    Counted(
        M.BASE_CUSTOMERS,
        "accounts new, active, at risk or won back on the eve of the period",
        _COUNT,
        _ACCOUNTS,
        _OF_STAGES,
    ),
    Counted(M.RETAINED_CUSTOMERS, "of these, accounts not churned at the end", _COUNT, _ACCOUNTS, _OF_STAGES),
    Counted(M.ACTIVE_CUSTOMERS, "accounts in those stages at the end", _COUNT, _ACCOUNTS, _OF_STAGES),
    Counted(M.LEADS, "leads by the day on which they came", _COUNT, _PEOPLE, ("kpi_lead",)),
    Counted(M.CLOSED_LEADS, "leads converted or disqualified, by that day", _COUNT, _PEOPLE, ("kpi_lead",)),
    Counted(M.CONVERTED_LEADS, "of these, leads converted", _COUNT, _PEOPLE, ("kpi_lead",)),
    Counted(M.OPENED_CASES, "cases by the day on which they came", _COUNT, _ACCOUNTS, _OF_CASES),
    Counted(M.ANSWERED_CASES, "answers to cases, by their day", _COUNT, _ACCOUNTS, _OF_CASES),
    Counted(M.CLOSED_CASES, "closings of cases, by their day", _COUNT, _ACCOUNTS, _OF_CASES),
    Counted(M.CLOSED_CASE_DAYS, "days from the opening of these to their closing", _DAYS, _ACCOUNTS, _OF_CASES),
    Counted(M.REOPENED_CASES, "closed cases that were opened again, by that day", _COUNT, _ACCOUNTS, _OF_CASES),
    Counted(M.BREACHED_CASES, "clocks of cases that ran out, by the day it was seen", _COUNT, _ACCOUNTS, _OF_CASES),
)
MEASURES: Mapping[KpiMeasure, Counted] = {one.measure: one for one in _CATALOGUE}


class Shift(NamedTuple):
    """A measure of another period: which measure, how much earlier; `is_change`: the difference to it."""

    measure: KpiMeasure
    compare: Compare
    is_change: bool


SHIFTS: Mapping[KpiMeasure, Shift] = {
    M.REVENUE_BEFORE: Shift(M.REVENUE, Compare.PREVIOUS, False),
    M.REVENUE_CHANGE: Shift(M.REVENUE, Compare.PREVIOUS, True),
    M.REVENUE_YEAR_BEFORE: Shift(M.REVENUE, Compare.YEAR, False),
    M.REVENUE_YEAR_CHANGE: Shift(M.REVENUE, Compare.YEAR, True),
}
