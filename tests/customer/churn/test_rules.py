"""The model and its fit with published figures; points, whole and cut; the day of a warning."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import exp, isfinite, lgamma, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.load.cdnow import read, sample_path
from services.customer.churn.enums import ChurnFactor
from services.customer.churn.fitting import Alike, fit_groups
from services.customer.churn.rules import (
    Fit,
    Line,
    Scoring,
    Seen,
    Signals,
    Weights,
    expected_orders,
    is_warned,
    p_alive,
    p_silent,
    points_on,
    rhythm,
    warns_on,
)

PUBLISHED = Fit(0.243, 4.414, 0.793, 2.426)
SEEN = Seen(2, 30.43, 38.86)
END = date(1997, 9, 30)
DAY = date(2026, 1, 1)
LINE = Line(50, 35)
PLAIN = Scoring(None, Weights(30, 70, 15, 10, 10), LINE)
FITTED = PLAIN._replace(fit=PUBLISHED)


def groups(*, by_row: bool = False) -> list[Alike]:
    """Customers of the published sample up to the end of its first 39 weeks."""
    days: dict[str, list[date]] = {}
    for one in read(sample_path()):
        if one.day <= END:
            days.setdefault(one.customer, []).append(one.day)
    found = Counter(
        (len(bought if by_row else set(bought)) - 1, (max(bought) - min(bought)).days, (END - min(bought)).days)
        for bought in days.values()
    )
    return [Alike(*key, count) for key, count in sorted(found.items())]


def test_the_published_fit() -> None:
    found = fit_groups(groups())
    assert found.is_converged
    assert [round(value, 4) for value in found.fit] == [0.2426, 4.4136, 0.7929, 2.4259]
    assert round(found.log_likelihood, 2) == -9582.43
    assert fit_groups(groups()) == found, "the same again"


def test_rows_instead_of_days_give_another_fit() -> None:
    found = fit_groups(groups(by_row=True)).fit
    assert (round(found.r, 3), round(found.alpha, 3)) == (0.218, 3.274)


def test_the_published_figures_of_an_account() -> None:
    assert round(p_alive(PUBLISHED, SEEN), 4) == 0.7266
    assert round(p_silent(PUBLISHED, SEEN, 13), 4) == 0.6765
    assert round(expected_orders(PUBLISHED, SEEN, 39), 3) == 1.226


def test_who_bought_once_is_alive() -> None:
    assert p_alive(PUBLISHED, Seen(0, 0, 500)) == 1


FITS = st.builds(Fit, *(st.floats(0.05, 20) for _ in range(4)))
SEENS = st.builds(
    lambda repeats, last, more: Seen(repeats, last if repeats else 0.0, (last if repeats else 0.0) + more),
    st.integers(0, 400),
    st.floats(0, 500),
    st.floats(0, 500),
)


@given(FITS, SEENS, st.floats(0.1, 100))
def test_chances_are_chances_and_silence_grows(fit: Fit, seen: Seen, weeks: float) -> None:
    assert 0 <= p_alive(fit, seen) <= 1
    assert 0 <= p_silent(fit, seen, weeks * 2) <= p_silent(fit, seen, weeks) + 1e-12 <= 1 + 1e-9
    later = seen._replace(age=seen.age + 5)
    assert p_silent(fit, later) >= p_silent(fit, seen) - 1e-9
    ahead = expected_orders(fit, seen, weeks)
    assert isfinite(ahead)
    assert ahead >= -1e-9
    assert ahead + 1e-9 >= (1 - p_silent(fit, seen, weeks)), "as many orders as chance of one, at least"


@given(FITS, st.integers(0, 12), st.floats(1, 60), st.floats(0.1, 60))
def test_one_account_alone_has_the_likelihood_of_its_story(fit: Fit, repeats: int, last: float, more: float) -> None:
    """P(alive) by Bayes: the likelihood of having stayed, of the whole."""
    seen = Seen(repeats, last if repeats else 0.0, (last if repeats else 0.0) + more)
    r, alpha, a, b = fit
    stays = lgamma(b + repeats) + lgamma(a + b) - lgamma(a + b + repeats) - lgamma(b)
    stays -= (r + repeats) * log(alpha + seen.age)
    leaves = 0.0
    if repeats:
        log_leaves = log(a) + lgamma(b + repeats - 1) + lgamma(a + b) - lgamma(b) - lgamma(a + b + repeats)
        leaves = exp(log_leaves - (r + repeats) * log(alpha + seen.last) - stays)
    assert p_alive(fit, seen) == pytest.approx(1 / (1 + leaves), rel=1e-6)


def test_rhythm_is_in_median_gaps() -> None:
    days = [DAY + timedelta(days=number) for number in (0, 10, 12, 40)]
    assert rhythm(days, DAY + timedelta(days=70)) == 3.0
    assert rhythm(days[:1] + [DAY + timedelta(days=1)] * 2, DAY + timedelta(days=4)) == 3.0, "a gap is a day at least"


def days_of(*numbers: int) -> list[date]:
    return [DAY + timedelta(days=number) for number in numbers]


def test_points_without_a_fit() -> None:
    found = points_on(days_of(0, 10, 20), DAY + timedelta(days=40), PLAIN, Signals())
    assert found is not None
    assert (found.score, found.factors, found.p_alive) == (50, ((ChurnFactor.RHYTHM, 50),), None)
    assert points_on(days_of(0, 10), DAY + timedelta(days=400), PLAIN, Signals()) is None


def test_points_with_all_that_counts() -> None:
    on = DAY + timedelta(days=200)
    signals = Signals(on, on, overdue_on=[on + timedelta(days=3), on])
    found = points_on(days_of(0, 10, 20), on, FITTED, signals)
    assert found is not None
    assert dict(found.factors) == {
        ChurnFactor.RHYTHM: 30, ChurnFactor.SILENCE: 70, ChurnFactor.COMPLAINT: 15,
        ChurnFactor.DETRACTOR: 10, ChurnFactor.OVERDUE: 10,
    }  # fmt: skip
    assert found.score == 100, "cut there"
    before = points_on(days_of(0, 10, 20), on - timedelta(days=1), FITTED, signals)
    assert before is not None
    assert [factor for factor, _ in before.factors] == [ChurnFactor.RHYTHM, ChurnFactor.SILENCE], "neither has begun"


@given(
    st.lists(st.integers(0, 900), min_size=3, max_size=30, unique=True),
    st.integers(0, 1500),
    st.sampled_from((PLAIN, FITTED)),
    st.booleans(),
)
def test_whole_points_sum_to_the_score(numbers: list[int], after: int, scoring: Scoring, is_detractor: bool) -> None:
    days = sorted(days_of(*numbers))
    found = points_on(
        days, days[-1] + timedelta(days=after), scoring, Signals(detractor_on=days[0] if is_detractor else None)
    )
    assert found is not None
    assert found.score == min(100, sum(weight for _, weight in found.factors))
    assert all(weight > 0 for _, weight in found.factors)
    assert (found.exact >= 50) == (found.score >= 50)


@given(st.lists(st.integers(0, 900), min_size=3, max_size=30, unique=True), st.integers(0, 900), st.booleans())
def test_the_day_of_a_warning_is_the_first(numbers: list[int], after: int, has_fit: bool) -> None:
    days, scoring = sorted(days_of(*numbers)), FITTED if has_fit else PLAIN
    on = days[-1] + timedelta(days=after)
    found = warns_on(days, on, scoring, Signals())

    def exact(day: date) -> float:
        points = points_on(days, day, scoring, Signals())
        assert points is not None
        return points.exact

    if found is None:
        assert exact(on + timedelta(days=3650)) < 50
    else:
        assert exact(found) >= 50
        assert found == on + timedelta(days=1) or exact(found - timedelta(days=1)) < 50


def test_a_warning_holds_between_the_lines() -> None:
    def at(exact: float) -> bool:
        points = points_on(days_of(0, 10, 20), DAY + timedelta(days=20), PLAIN, Signals())
        assert points is not None
        return is_warned(True, points._replace(exact=exact), LINE)

    assert [at(exact) for exact in (34.999, 35, 49.999, 50)] == [False, True, True, True]
    assert is_warned(True, None, LINE) is False
