"""Pure rules of receivables: when money is due, how much lies on account, days sales outstanding."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

Month = tuple[int, int]
"""Year and month."""


def due_day(due_on: date | None, order_date: date, terms_days: int) -> date:
    """When an order is due: on the day it says itself, else its terms after the order date."""
    return due_on or order_date + timedelta(terms_days)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What figures are made of, in minor units: `sales` of the window (gross less returns), what is `owed` and how
    much of it is `not_due` yet, `sales_of` each month, and the `first` month in which anything was sold."""

    sales: int
    owed: int
    not_due: int
    sales_of: Mapping[Month, int]
    first: Month | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Days with one decimal, as text; `is_capped`: history ended before the sales covered what is owed."""

    dso: str
    best_dso: str
    delay: str
    dso_countback: str
    is_capped: bool


def one_decimal(value: Fraction) -> str:
    """Rounded half-even to one decimal: 99/2 -> "49.5"."""
    tenths = round(value * 10)
    whole, rest = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole}.{rest}"


def outstanding_days(owed: int, sales: int, window_days: int) -> str:
    """Days in which what is owed was sold (sales of the window above 0), as text with one decimal."""
    return one_decimal(owed * Fraction(window_days, sales))


def figures(parts: Outstanding, as_of: date, window_days: int) -> Figures | None:
    """Days sales outstanding at the end of `as_of`; None without sales in the window."""
    if parts.sales <= 0:
        return None
    per_amount = Fraction(window_days, parts.sales)
    days, is_capped = countback(parts.owed, as_of, parts.sales_of, parts.first)
    return Figures(
        dso=outstanding_days(parts.owed, parts.sales, window_days),
        best_dso=one_decimal(parts.not_due * per_amount),
        delay=one_decimal((parts.owed - parts.not_due) * per_amount),
        dso_countback=one_decimal(days),
        is_capped=is_capped,
    )


def countback(owed: int, as_of: date, sales_of: Mapping[Month, int], first: Month | None) -> tuple[Fraction, bool]:
    """Days of the latest months whose sales make up what is owed, and whether history ended before.

    All days of a month count while what is left covers its sales, then rest / sales of the days of the first month that
    it does not cover. The month of `as_of` has its days up to then.
    """
    days, rest = Fraction(0), owed
    month, length = (as_of.year, as_of.month), as_of.day
    while rest > 0:
        if first is None or month < first:
            return days, True
        sold = sales_of.get(month, 0)
        if rest < sold:
            return days + Fraction(rest, sold) * length, False
        days, rest = days + length, rest - sold
        month = month_before(month)
        length = monthrange(*month)[1]
    return days, False


def month_before(month: Month) -> Month:
    """The month before: (2026, 1) -> (2025, 12)."""
    year, number = month
    return (year - 1, 12) if number == 1 else (year, number - 1)


def window_start(as_of: date, window_days: int) -> date:
    """First day of the window that ends with `as_of`."""
    return as_of - timedelta(window_days - 1)
