"""How far forecasts are right: the records of two open data sets, by the code that serves them.

usage: python -m bench.forecast [--quick]

Brier scores and shares beside their limits: what a simple reference reached, and 0.02 for the luck of 2,000 draws.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from bench.report import print_rows, write
from kit.calendar import OwnKind, calendar_of
from services.targets.day_profiles.rules import WHOLE, days_between
from services.targets.forecasts.backtests import LEVELS, Figures, Record, backtest, judge
from services.targets.forecasts.enums import Method, PeriodKind
from services.targets.forecasts.methods import Asked, Forecast, History, forecast, history_of, outlook, p_hit, seed_of
from services.targets.forecasts.periods import Span, whole

DATA = Path(__file__).resolve().parents[1] / "tests" / "targets"
YEAR = date(2015, 1, 1), date(2015, 12, 31)
SOUVENIRS = date(1987, 1, 1), date(1993, 12, 31)
RISING = tuple(range(1_000_000, 1_700_000, 100_000))
LUCK = 0.02
SECONDS = 120.0
FORECASTS = 10_000


class Study(NamedTuple):
    """A data set as it is asked, and what the method that serves it should reach."""

    name: str
    history: History
    spans: Sequence[Span]
    levels: Sequence[int]
    method: Method
    brier: float


def pizzaplace(*, knows_closing_days: bool) -> History:
    """Sales of a restaurant by day."""
    with (DATA / "day_profiles" / "pizzaplace_2015.csv").open() as file:
        sales = {date.fromisoformat(row["date"]): int(row["cents"]) for row in csv.DictReader(file)}
    closed = [day for day in days_between(*YEAR) if day not in sales] if knows_closing_days else []
    calendar = calendar_of("", "UTC", dict.fromkeys(closed, OwnKind.OFF))
    return history_of(sales, *YEAR, YEAR[1], calendar)


def souvenirs() -> History:
    """Sales of a shop by month, each told on its 15th."""
    with (DATA / "forecasts" / "souvenirs_1987_1993.csv").open() as file:
        sales = {date.fromisoformat(f"{row['month']}-15"): int(row["cents"]) for row in csv.DictReader(file)}
    return history_of(sales, *SOUVENIRS, SOUVENIRS[1], calendar_of("", "UTC"))


def studies() -> list[Study]:
    """What is asked of which data."""
    months, years = whole(PeriodKind.MONTH, *YEAR), whole(PeriodKind.YEAR, *SOUVENIRS)
    plain, closed = pizzaplace(knows_closing_days=False), pizzaplace(knows_closing_days=True)
    return [
        Study("pizzaplace, months", plain, months, LEVELS, Method.DAILY, 0.077),
        Study("pizzaplace, months, closing days known", closed, months, LEVELS, Method.DAILY, 0.043),
        Study("souvenirs, years", souvenirs(), years, RISING, Method.SHARE, 0.148),
    ]


def record_of(study: Study) -> Record:
    """What a backtest finds."""
    return judge(backtest(study.history, study.spans, study.levels))


def row_of(study: Study, figures: Figures, serves: Method | None) -> dict[str, Any]:
    """A method's line of the table."""
    is_served = figures.method is serves is study.method
    limit = study.brier + LUCK if is_served else None
    value = figures.brier / WHOLE
    return {
        "name": study.name,
        "method": figures.method.value,
        "n": figures.n,
        "value": value,
        "unit": "Brier",
        "limit": limit,
        "ratio": limit and value / limit,
        "naive": figures.naive_brier / WHOLE,
        "climatology": figures.climatology_brier / WHOLE,
        "coverage": figures.coverage / WHOLE,
        "p50_error": figures.p50_error / WHOLE,
        "naive_error": figures.naive_error / WHOLE,
        "serves": "yes" if figures.method is serves else "",
    }


def bins_of(figures: Figures) -> list[dict[str, Any]]:
    """The ten bins of a method."""
    return [
        {
            "p": f"{number / 10:.1f}-{(number + 1) / 10:.1f}",
            "n": one.n,
            "mean_p": None if one.mean_p is None else one.mean_p / WHOLE,
            "observed": None if one.observed is None else one.observed / WHOLE,
        }
        for number, one in enumerate(figures.bins)
    ]


def seconds_of(number: int, clock: Callable[[], float] = time.process_time) -> float:
    """Processor seconds that forecasts of December take, the history made anew for each."""
    span, begun = Span(date(2015, 12, 1), YEAR[1]), clock()
    known = pizzaplace(knows_closing_days=False)
    sales = {day: known.total(day, day) for day in days_between(*YEAR)}
    calendar = calendar_of("", "UTC")
    for target in range(number):
        as_of = date(2015, 12, 3 + target % 27)
        history = history_of(sales, YEAR[0], as_of, YEAR[1], calendar)
        told = forecast(history, Asked(span, as_of, seed_of(target, as_of)), (), None, 3 * WHOLE // 2)
        assert isinstance(told, Forecast), told
        outlook(told.draws)
        p_hit(told.draws, 7_000_000)
    return clock() - begun


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="time fewer forecasts; the records are the same")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for study in studies():
        record = record_of(study)
        for figures in record.figures:
            rows.append(row_of(study, figures, record.serves))
            if figures.method is record.serves:
                print(f"{study.name}: {figures.method.value}")
                print_rows(bins_of(figures))
    number = FORECASTS // 20 if arguments.quick else FORECASTS
    took = seconds_of(number) * FORECASTS / number
    rows.append({"name": "10,000 forecasts", "value": took, "unit": "s", "limit": SECONDS, "ratio": took / SECONDS})
    write("forecast", rows, note="one core; scores are means of (p - outcome)^2, errors shares of the total")


if __name__ == "__main__":
    main()
