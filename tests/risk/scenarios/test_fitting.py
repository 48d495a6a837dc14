"""Distributions from losses that were drawn from known ones."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy import stats

from kit.errors import AppError
from services.risk.scenarios.bodies import (
    EmpiricalBody,
    GpdTailBody,
    LognormalBody,
    NegativeBinomialBody,
    PoissonBody,
)
from services.risk.scenarios.enums import LossSource
from services.risk.scenarios.fitting import Window, estimate_of
from services.risk.scenarios.laws import check_distributions

FIRST = date(2016, 1, 1)
TEN_YEARS = Window(FIRST, FIRST + timedelta(3652))


def over(window: Window, amounts: list[int]) -> list[tuple[date, int]]:
    """Losses spread evenly."""
    return [(window.first + timedelta(number * window.days // len(amounts)), one) for number, one in enumerate(amounts)]


def test_counts_of_years_that_spread_make_a_negative_binomial() -> None:
    counts = [0, 3, 1, 7, 2, 0, 5, 2, 1, 9]
    days = [FIRST + timedelta(round(365.3 * year) + 30) for year, count in enumerate(counts) for _ in range(count)]
    found = estimate_of(LossSource.INCIDENT, TEN_YEARS, [(day, 100 + n) for n, day in enumerate(days)], None)
    assert isinstance(found.frequency, NegativeBinomialBody)
    assert found.frequency.mean == pytest.approx(30 / (3653 / 365.25))
    assert found.frequency.size == pytest.approx(1.421, abs=0.002)
    assert found.estimate.spread is not None
    assert (found.estimate.spread.periods, round(found.estimate.spread.p, 5)) == (10, 0.00095)


def test_months_where_there_are_fewer_than_eight_years() -> None:
    assert Window(FIRST, FIRST + timedelta(730)).periods == 24
    assert Window(FIRST, FIRST + timedelta(29)).periods == 8
    assert Window(FIRST, FIRST).periods == 8
    one_day = estimate_of(LossSource.INCIDENT, Window(FIRST, FIRST), [(FIRST, n) for n in range(1, 11)], None)
    assert one_day.frequency is not None


def test_a_lognormal_comes_back_with_its_intervals() -> None:
    rng = np.random.default_rng(1)
    amounts = [round(one) for one in np.exp(rng.normal(12, 0.9, 200))]
    found = estimate_of(LossSource.INCIDENT, TEN_YEARS, over(TEN_YEARS, amounts), max(amounts))
    assert isinstance(found.severity, LognormalBody)
    assert isinstance(found.frequency, PoissonBody)
    logs = np.log(amounts)
    mu, sigma = found.estimate.mu, found.estimate.sigma
    assert mu is not None
    assert sigma is not None
    assert (mu.low, mu.high) == pytest.approx(
        stats.t.interval(0.9, 199, loc=logs.mean(), scale=logs.std(ddof=1) / sqrt(200))
    )
    square = 199 * logs.var(ddof=1)
    assert (sigma.low, sigma.high) == pytest.approx(
        [sqrt(square / stats.chi2.ppf(chance, 199)) for chance in (0.95, 0.05)]
    )
    assert sqrt(found.severity.q05 * found.severity.q95) == pytest.approx(exp(logs.mean()))
    assert log(found.severity.q95 / found.severity.q05) == pytest.approx(2 * 1.6448536 * logs.std(ddof=1))


def test_a_tail_comes_back_above_its_threshold() -> None:
    uniforms = (np.arange(3000) + 0.5) / 3000
    excesses = stats.genpareto.ppf(uniforms, 0.3, scale=40_000)
    amounts = [*range(1, 27_001), *(27_000 + round(one) + 1 for one in excesses)]
    found = estimate_of(LossSource.RETURN, TEN_YEARS, over(TEN_YEARS, amounts), None)
    assert isinstance(found.severity, GpdTailBody)
    assert (found.severity.threshold, round(found.severity.tail_share, 9)) == (27_000, 0.1)
    assert found.severity.xi == pytest.approx(0.3, abs=0.02)
    assert found.severity.beta == pytest.approx(40_000, rel=0.03)
    assert isinstance(found.severity.body, EmpiricalBody)
    assert len(found.severity.body.values) == 1_000
    assert found.estimate.xi is not None
    assert found.estimate.xi.high - found.estimate.xi.low == pytest.approx(
        2 * 1.6448536 * (1 + found.severity.xi) / sqrt(3000)
    )
    assert found.frequency is not None
    check_distributions(found.frequency, found.severity)
    whole = estimate_of(LossSource.RETURN, TEN_YEARS, over(TEN_YEARS, amounts[-3000:]), 27_000)
    assert isinstance(whole.severity, GpdTailBody)
    assert (whole.severity.tail_share, whole.severity.body) == (1, None)


def test_a_tail_without_a_mean_is_refused() -> None:
    uniforms = (np.arange(400) + 0.5) / 400
    amounts = [1 + round(one) for one in stats.genpareto.ppf(uniforms, 1.6, scale=40_000)]
    with pytest.raises(AppError) as refused:
        estimate_of(LossSource.INCIDENT, TEN_YEARS, over(TEN_YEARS, amounts), 1)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("infinite-mean", "/threshold")


def test_too_few_losses_and_losses_that_are_alike_say_nothing() -> None:
    for amounts in ([], [5] * 9, [*range(1, 10)], [7] * 50):
        found = estimate_of(LossSource.INCIDENT, TEN_YEARS, over(TEN_YEARS, amounts) if amounts else [], None)
        assert (found.frequency, found.severity, found.estimate.insufficient_data) == (None, None, True)
        assert found.estimate.rate.value == pytest.approx(len(amounts) / (3653 / 365.25))
