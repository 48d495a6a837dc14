"""The record of the forecasts: of two open data sets, without looking ahead, and how it is judged."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest

from bench.forecast import Study, record_of, studies
from kit.calendar import calendar_of
from services.targets.day_profiles.rules import days_between
from services.targets.forecasts.backtests import Case, Figures, Record, Said, backtest, judge, spread_of
from services.targets.forecasts.enums import Method, PeriodKind
from services.targets.forecasts.methods import SPREAD, History, Outlook, history_of
from services.targets.forecasts.periods import Span, whole

WANTED = {
    "pizzaplace, months": (Method.DAILY, 1_380, 0.077, 0.211, 0.250, 0.73, 0.028, 0.061),
    "pizzaplace, months, closing days known": (Method.DAILY, 1_380, 0.043, 0.211, 0.250, 0.79, 0.019, 0.061),
    "souvenirs, years": (Method.SHARE, 308, 0.148, 0.208, 0.245, 0.84, 0.110, 0.110),
}
STUDIES = {study.name: study for study in studies()}
PLAIN = calendar_of("", "UTC")
DAYS = date(2021, 1, 1), date(2022, 12, 31)


def figures_of(record: Record, method: Method) -> Figures:
    return next(one for one in record.figures if one.method is method)


@cache
def record(name: str) -> Record:
    return record_of(STUDIES[name])


@pytest.mark.parametrize("name", WANTED)
def test_the_records_of_open_data(name: str) -> None:
    method, n, brier, naive, climatology, coverage, error, naive_error = WANTED[name]
    found_record = record(name)
    assert found_record.serves is method
    found = figures_of(found_record, method)
    assert (found.n, found.beats_naive) == (n, True)
    assert found.naive_brier == pytest.approx(naive * 1e6, abs=600)
    assert found.climatology_brier == pytest.approx(climatology * 1e6, abs=600)
    assert found.naive_error == pytest.approx(naive_error * 1e6, abs=600)
    assert found.brier == pytest.approx(brier * 1e6, abs=3_000)
    assert found.coverage == pytest.approx(coverage * 1e6, abs=30_000)
    assert found.p50_error == pytest.approx(error * 1e6, abs=1_500)
    assert sum(one.n for one in found.bins) == n


def test_where_both_were_asked_the_better_one_serves() -> None:
    share, daily = (figures_of(record("pizzaplace, months"), method) for method in (Method.SHARE, Method.DAILY))
    assert (share.periods, share.n) == (9, 1_240), "April to December"
    assert share.common_brier == share.brier == pytest.approx(145_000, abs=3_000)
    assert daily.common_brier == pytest.approx(84_000, abs=3_000)


def made(seed: int = 3, noise: int = 40) -> dict[date, int]:
    """Two years of days with noise and a slow rise."""
    source = random.Random(seed)
    return {
        day: (100 + number // 30) * (100 + source.randint(-noise, noise))
        for number, day in enumerate(days_between(*DAYS))
    }


def history(results: dict[date, int]) -> History:
    return history_of(results, *DAYS, DAYS[1], PLAIN)


@cache
def cases_of_made() -> list[Case]:
    return backtest(history(made()), MONTHS)


MONTHS = whole(PeriodKind.MONTH, *DAYS)


def test_the_future_changes_no_forecast_of_the_past() -> None:
    """What was said until a day stays whatever comes after it, to the last bit, and what learned from it does too."""
    day, results = date(2022, 9, 17), made()
    source = random.Random(4)
    other = {each: amount if each <= day else source.randint(0, 10**7) for each, amount in results.items()}
    one, two = cases_of_made(), backtest(history(other), MONTHS)

    def told(cases: list[Case], until: date) -> list[tuple[object, ...]]:
        return [
            (case.method, case.span, case.as_of, case.told, case.naive, [said.p for said in case.said])
            for case in cases
            if case.as_of <= until
        ]

    assert told(one, day) == told(two, day)
    assert len(told(one, day)) > 800
    assert any(
        len({case.span for case in one if case.as_of <= day and case.method is method}) > 12 for method in Method
    )
    assert told(one, day + timedelta(days=1)) != told(two, day + timedelta(days=1))
    ended = [case for case in one if case.span.last <= day]
    assert ended == [case for case in two if case.span.last <= day]


def test_two_runs_are_equal() -> None:
    study = STUDIES["souvenirs, years"]
    assert backtest(study.history, study.spans, study.levels) == backtest(study.history, study.spans, study.levels)


def test_the_spread_is_what_the_earlier_periods_would_have_needed() -> None:
    cases = [case for case in cases_of_made() if case.method is Method.DAILY]
    spans = list(dict.fromkeys(case.span for case in cases))
    assert spread_of([case for case in cases if case.span in spans[:11]]) == SPREAD
    first = [case for case in cases if case.span in spans[:12]]
    learned = spread_of(first)
    offs = sorted(case.off for case in first if case.off is not None)
    inside = sum(off <= learned / 1e6 for off in offs) / len(offs)
    assert inside == pytest.approx(0.8, abs=2 / len(offs))
    assert learned != SPREAD
    wide = [case for case in cases if case.span == spans[12]]
    last, own = MONTHS.index(spans[12]) - 1, MONTHS.index(spans[12]) + 1
    alone = backtest(history(made()), MONTHS[last:own])
    raw = [case for case in alone if case.span == spans[12] and case.method is Method.DAILY]
    for case, plain in zip(wide, raw, strict=True):
        ratio = (case.told.p90 - case.told.p10) / (plain.told.p90 - plain.told.p10)
        assert ratio == pytest.approx(learned / SPREAD, rel=1e-3)


def case_of(method: Method, day: int, *said: Said, total: int = 100, told: Outlook | None = None) -> Case:
    span = Span(date(2026, 1, 1), date(2026, 1, 31))
    return Case(method, span, date(2026, 1, day), told or Outlook(90, 95, 110), 0.5, total, 80, said)


def test_scores_by_hand() -> None:
    cases = [
        case_of(Method.DAILY, 3, Said(1_000_000, False, True), Said(250_000, True, False)),
        case_of(Method.DAILY, 4, Said(999_999, True, True), Said(50_000, True, False), total=120),
    ]
    (found,) = judge(cases).figures
    assert found.brier == round((0.25**2 + 0.05**2) / 4 * 1e6)
    assert found.naive_brier == 750_000
    assert found.climatology_brier == 250_000
    assert (found.coverage, found.common_brier) == (500_000, None)
    assert found.p50_error == round((5 / 100 + 25 / 120) / 2 * 1e6)
    assert found.naive_error == round((20 / 100 + 40 / 120) / 2 * 1e6)
    assert [one.n for one in found.bins] == [1, 0, 1, 0, 0, 0, 0, 0, 0, 2]
    assert (found.bins[1].mean_p, found.bins[1].observed) == (None, None)
    assert (found.bins[9].mean_p, found.bins[9].observed) == (1_000_000, 1_000_000)
    assert (found.bins[2].mean_p, found.bins[2].observed) == (250_000, 0)


def test_methods_are_compared_only_where_both_were_asked() -> None:
    bad, good, fair = Said(0, False, True), Said(1_000_000, False, True), Said(800_000, False, True)
    daily = [case_of(Method.DAILY, 3, good), *(case_of(Method.DAILY, day, bad) for day in (4, 5))]
    share = [case_of(Method.SHARE, 3, fair)]
    both = judge(daily + share)
    assert both.serves is Method.DAILY
    assert figures_of(both, Method.DAILY).brier > figures_of(both, Method.SHARE).brier
    assert judge([case_of(Method.DAILY, 3, fair), case_of(Method.SHARE, 3, good)]).serves is Method.SHARE
    assert judge([case_of(Method.DAILY, 3, good), case_of(Method.SHARE, 4, good)]).serves is Method.DAILY
    assert judge([]) == Record((), None)


def test_a_period_after_one_without_results_is_left_out() -> None:
    results = made() | dict.fromkeys(days_between(date(2022, 5, 1), date(2022, 5, 31)), 0)
    spans = {case.span.first for case in backtest(history(results), MONTHS[15:])}
    assert date(2022, 6, 1) not in spans
    assert {date(2022, 5, 1), date(2022, 8, 1)} <= spans


def test_a_cancelled_job_stops_before_the_next_period() -> None:
    def stop() -> None:
        raise TimeoutError

    study: Study = STUDIES["souvenirs, years"]
    with pytest.raises(TimeoutError):
        backtest(study.history, study.spans, study.levels, stop)
    assert replace(case_of(Method.SHARE, 3), total=1).key == (date(2026, 1, 1), date(2026, 1, 3))
