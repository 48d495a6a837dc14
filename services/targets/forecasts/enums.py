"""How a result is forecast, of what periods, and why it cannot be."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """From the results of days, drawn again, or from the share that earlier periods had by the same time."""

    DAILY = "daily"
    SHARE = "share"


class PeriodKind(StrEnum):
    """Periods of the calendar."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class Lack(StrEnum):
    """What a forecast or its record lacks: a period of few enough days, near enough, and days of history (`daily`);
    days of the period, results in them and earlier periods (`share`); results that say anything; a backtest; a method,
    as ratios do."""

    TOO_LONG = "period-too-long"
    TOO_FAR = "period-too-far"
    HISTORY = "history-too-short"
    NOT_BEGUN = "period-not-begun"
    PERIODS = "earlier-periods"
    TO_DATE = "nothing-to-date"
    RESULTS = "results"
    BACKTEST = "not-backtested"
    METHOD = "no-method"
