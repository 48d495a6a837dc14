"""How draws are made: both methods computed a second time, exact where the past is, and their laws."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from statistics import mean, median, quantiles

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kit.calendar import Calendar, OwnKind, calendar_of
from services.targets.forecasts.enums import Lack, Method
from services.targets.forecasts.methods import (
    DRAWS,
    MOST,
    SPREAD,
    Asked,
    Forecast,
    History,
    Lacking,
    draw_daily,
    draw_share,
    forecast,
    history_of,
    outlook,
    p_hit,
    seed_of,
    widened,
)
from services.targets.forecasts.periods import Span, earlier

PLAIN = calendar_of("", "UTC")
START = date(2024, 1, 1)
"""A Monday."""
JUNE = Span(date(2024, 6, 1), date(2024, 6, 30))
AS_OF = date(2024, 6, 10)


def sales(until: date, seed: int = 5) -> dict[date, int]:
    """Days of a shop that sells twice as much on Saturdays and nothing on Sundays, with some noise."""
    source = random.Random(seed)
    days = [START + timedelta(days=number) for number in range((until - START).days + 1)]
    shape = (10, 10, 10, 10, 10, 20, 0)
    return {day: shape[day.weekday()] * source.randint(800, 1_200) for day in days}


def known(results: dict[date, int], until: date = AS_OF, last: date = JUNE.last, own: Calendar = PLAIN) -> History:
    return history_of(results, START, until, last, own)


def drawn(found: object) -> np.ndarray:
    assert isinstance(found, np.ndarray), found
    return found


def test_a_past_without_noise_is_a_future_without_doubt() -> None:
    results = {day: 10 * (amount > 0) * (1 + (day.weekday() == 5)) for day, amount in sales(AS_OF).items()}
    draws = drawn(draw_daily(known(results), Asked(JUNE, AS_OF, 1)))
    days = [JUNE.first + timedelta(days=number) for number in range(30)]
    total = sum({5: 20, 6: 0}.get(day.weekday(), 10) for day in days)
    assert len(draws) == DRAWS
    assert np.allclose(draws, total, rtol=1e-5)
    told = outlook(draws)
    assert told == (total, total, total)


def test_daily_computed_by_hand() -> None:
    """The same method in plain loops, with other random numbers and five times as many."""
    results = sales(AS_OF)
    every = sum(results.values()) / len(results)
    weight = [mean(amount for day, amount in results.items() if day.weekday() == number) / every for number in range(7)]
    window = [AS_OF - timedelta(days=back) for back in range(83, -1, -1)]
    pool = [results[day] / weight[day.weekday()] for day in window if weight[day.weekday()]]
    rest = [weight[(AS_OF + timedelta(days=ahead)).weekday()] for ahead in range(1, 21)]
    rest = [each for each in rest if each]
    source = random.Random(11)

    whole = sum(pool)

    def sample(count: int) -> list[float]:
        found: list[float] = []
        while len(found) < count:
            start = source.randrange(len(pool) - 6)
            found += pool[start : start + 7]
        return found[:count]

    to_date = sum(amount for day, amount in results.items() if day >= JUNE.first)
    totals = [
        to_date + sum(w * z for w, z in zip(rest, sample(len(rest)), strict=True)) * sum(sample(len(pool))) / whole
        for _ in range(10_000)
    ]
    cuts = quantiles(totals, n=10, method="inclusive")
    draws = drawn(draw_daily(known(results), Asked(JUNE, AS_OF, 3)))
    told = outlook(draws)
    width = cuts[8] - cuts[0]
    for found, wanted in zip(told, (cuts[0], median(totals), cuts[8]), strict=True):
        assert abs(found - wanted) < 0.08 * width
    for amount in (cuts[0], cuts[6]):
        wanted = mean(total >= amount for total in totals)
        assert abs(p_hit(draws, round(amount)) / 1e6 - wanted) < 0.04


def test_share_by_the_distribution_itself() -> None:
    """Of Student's t: quantiles and probabilities, without drawing."""
    results = sales(AS_OF)
    months = earlier(JUNE, START, 12)
    assert len(months) == 5
    logs = []
    for month in months:
        then = month.first + timedelta(days=round(10 * month.days / 30))
        inside = {day: amount for day, amount in results.items() if month.first <= day <= month.last}
        to_date = sum(amount for day, amount in inside.items() if day < then)
        logs.append(np.log(sum(inside.values()) / to_date))
    scale = np.sqrt(mean((after - before) ** 2 for before, after in itertools.pairwise(logs)))
    so_far = sum(amount for day, amount in results.items() if day >= JUNE.first)
    t = stats.t(len(logs) - 1)
    draws = drawn(draw_share(known(results), Asked(JUNE, AS_OF, 3), months))
    told = outlook(draws)
    for found, share in zip(told, (0.1, 0.5, 0.9), strict=True):
        assert found == pytest.approx(so_far * np.exp(logs[-1] + scale * t.ppf(share)), rel=0.03)
    amount = round(so_far * np.exp(logs[-1] + 0.7 * scale))
    assert p_hit(draws, amount) / 1e6 == pytest.approx(t.sf(0.7), abs=0.04)


def test_the_same_seed_gives_the_same_bits_and_another_other_ones() -> None:
    history, months = known(sales(AS_OF)), earlier(JUNE, START, 12)
    for draw in (draw_daily, lambda of, asked: draw_share(of, asked, months)):
        one, two, other = (drawn(draw(history, Asked(JUNE, AS_OF, seed))) for seed in (7, 7, 8))
        assert one.tobytes() == two.tobytes() != other.tobytes()
    assert seed_of("a", AS_OF) == seed_of("a", AS_OF) < 2**48
    assert len({seed_of(*parts) for parts in (("a", AS_OF), ("b", AS_OF), ("a", JUNE.last))}) == 3


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**48 - 1), st.integers(1, 29), st.data())
def test_what_comes_after_the_day_changes_nothing(seed: int, number: int, data: st.DataObject) -> None:
    as_of = JUNE.first + timedelta(days=number - 1)
    past = sales(as_of)
    future = {as_of + timedelta(days=ahead): data.draw(st.integers(-(10**9), 10**9)) for ahead in range(1, 31 - number)}
    asked, months = Asked(JUNE, as_of, seed), earlier(JUNE, START, 12)
    alone, both = known(past, as_of), known(past | future, JUNE.last)
    assert drawn(draw_daily(alone, asked)).tobytes() == drawn(draw_daily(both, asked)).tobytes()
    assert drawn(draw_share(alone, asked, months)).tobytes() == drawn(draw_share(both, asked, months)).tobytes()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**48 - 1), st.lists(st.integers(-(10**13), 10**13), min_size=2, max_size=5))
def test_more_is_never_more_probable(seed: int, amounts: list[int]) -> None:
    history, months = known(sales(AS_OF, seed)), earlier(JUNE, START, 12)
    for serves in Method:
        told = forecast(history, Asked(JUNE, AS_OF, seed), months, serves, SPREAD)
        assert isinstance(told, Forecast)
        assert told.method is serves
        hits = [p_hit(told.draws, amount) for amount in sorted(amounts)]
        assert hits == sorted(hits, reverse=True)
        ends = outlook(told.draws)
        assert ends.p10 <= ends.p50 <= ends.p90
        assert 900_000 - 1_000 <= p_hit(told.draws, ends.p10) <= 901_000


def test_widening_keeps_the_median() -> None:
    draws = np.array([10.0, 20.0, 40.0])
    assert widened(draws, 1_500_000).tolist() == [5.0, 20.0, 50.0]
    assert widened(draws, 0).tolist() == [20.0, 20.0, 20.0]


def test_known_closing_days_bring_nothing_and_say_nothing() -> None:
    """Closed on half of the days left: half of the remainder, and no doubt more than before."""
    results = dict.fromkeys((START + timedelta(days=number) for number in range(162)), 100)
    shut = [date(2024, 6, day) for day in range(11, 21)]
    was_shut = [date(2024, 5, day) for day in range(1, 11)]
    closed = calendar_of("", "UTC", dict.fromkeys(shut + was_shut, OwnKind.OFF))
    told = outlook(drawn(draw_daily(known(results | dict.fromkeys(was_shut, 0), own=closed), Asked(JUNE, AS_OF, 1))))
    assert told == (2_000, 2_000, 2_000)


def test_days_that_are_over_bring_no_more() -> None:
    """On the eve of a Sunday that brings nothing the month is over."""
    last = date(2024, 6, 29)
    results = sales(last)
    told = outlook(drawn(draw_daily(known(results, last), Asked(JUNE, last, 1))))
    assert set(told) == {sum(amount for day, amount in results.items() if day >= JUNE.first)}


@pytest.mark.parametrize(
    ("span", "as_of", "lacking"),
    [
        (Span(date(2024, 1, 1), date(2024, 12, 31)), AS_OF, Lacking(Lack.TOO_LONG, 366, 92)),
        (Span(date(2025, 6, 1), date(2025, 6, 30)), AS_OF, Lacking(Lack.TOO_FAR, 385, 184)),
        (Span(date(2024, 2, 1), date(2024, 2, 29)), date(2024, 2, 24), Lacking(Lack.HISTORY, 55, 56)),
    ],
)
def test_what_daily_needs(span: Span, as_of: date, lacking: Lacking) -> None:
    assert draw_daily(known(sales(as_of), as_of, date(2024, 12, 31)), Asked(span, as_of, 1)) == lacking


def test_the_fifty_sixth_day_is_enough() -> None:
    as_of = date(2024, 2, 25)
    span = Span(date(2024, 2, 1), date(2024, 2, 29))
    drawn(draw_daily(known(sales(as_of), as_of), Asked(span, as_of, 1)))


def test_results_that_say_nothing() -> None:
    results = dict.fromkeys(sales(AS_OF), 0)
    assert draw_daily(known(results), Asked(JUNE, AS_OF, 1)) == Lacking(Lack.RESULTS, 0, 1)
    spent = {day: 0 if day < AS_OF - timedelta(days=83) else -1 for day in results} | {START: 10**6}
    assert isinstance(draw_daily(known(spent), Asked(JUNE, AS_OF, 1)), Lacking), "all returns of late"


def test_what_share_needs() -> None:
    results, months = sales(AS_OF), earlier(JUNE, START, 12)
    eve = JUNE.first - timedelta(days=1)
    assert draw_share(known(results), Asked(JUNE, eve, 1), months) == Lacking(Lack.NOT_BEGUN, 0, 1)
    assert draw_share(known(results), Asked(JUNE, AS_OF, 1), months[:2]) == Lacking(Lack.PERIODS, 2, 3)
    none = {day: 0 if day >= JUNE.first else amount for day, amount in results.items()}
    assert draw_share(known(none), Asked(JUNE, AS_OF, 1), months) == Lacking(Lack.TO_DATE, 0, 1)
    late = {day: 0 if day.month == 3 and day.day < 20 else amount for day, amount in results.items()}
    assert draw_share(known(late), Asked(JUNE, AS_OF, 1), months[1:4]) == Lacking(Lack.PERIODS, 2, 3)


def test_the_other_method_takes_over_and_the_usual_one_says_what_it_lacks() -> None:
    year = Span(date(2024, 1, 1), date(2024, 12, 31))
    history = known(sales(AS_OF), last=year.last)
    assert forecast(history, Asked(year, AS_OF, 1), [], Method.DAILY, SPREAD) == Lacking(Lack.PERIODS, 0, 3)
    told = forecast(history, Asked(JUNE, AS_OF, 1), [], Method.SHARE, SPREAD)
    assert isinstance(told, Forecast)
    assert (told.method, told.spread) == (Method.DAILY, SPREAD)
    young = known(sales(date(2024, 1, 20)), date(2024, 1, 20))
    january = Asked(Span(date(2024, 1, 1), date(2024, 1, 31)), date(2024, 1, 20), 1)
    assert forecast(young, january, [], Method.SHARE, SPREAD) == Lacking(Lack.HISTORY, 20, 56)


def test_a_wild_past_stays_within_what_is_told() -> None:
    results = {day: 1 if day.day < 28 else 10**13 for day in sales(AS_OF)} | {date(2024, 5, 31): -4 * 10**13 + 10}
    draws = drawn(draw_share(known(results), Asked(JUNE, AS_OF, 1), earlier(JUNE, START, 12)))
    assert np.abs(draws).max() <= MOST
