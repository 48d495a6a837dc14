"""The engine against right values (by FFT, Panjer or in closed form), and its laws."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import isclose
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import numpy as np
import pytest

from kit.ids import new_id
from services.risk.scenarios.distributions import ExposureShare, Frequency, GpdTail, Lognormal, Pert
from services.risk.studies.copula import Correlation, CorrelationNotPositiveDefinite, cholesky, factors_of
from services.risk.studies.engine import CHUNK, Scenario, annual_losses, simulate
from services.risk.studies.results import chance_above, loss_curve, moments, order_interval, quantile

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Integers

TRIALS = 100_000
SEEDS = (1, 2, 3, 4, 5)
Z_999 = 3.2905267314919255
FIRST, SECOND = UUID(int=1), UUID(int=2)
LARGE, SMALL = Lognormal(1_000_000, 20_000_000), Lognormal(2_000_000, 10_000_000)
ONCE = Frequency(1.0, p=1.0)


class Right(NamedTuple):
    """Right values in units of 1.00."""

    mean: float
    sd: float
    var95: float
    var99: float
    es95: float
    es99: float


F1 = Scenario(FIRST, Frequency(2), LARGE)
SINGLE: dict[str, tuple[Scenario, Right]] = {
    "F1": (F1, Right(135_399.43, 144_935, 410_466, 655_654, 568_234, 846_892)),
    "F2": (
        Scenario(FIRST, Frequency(3), Pert(500_000, 2_000_000, 8_000_000)),
        Right(82_500.00, 52_678, 179_207, 231_113, 211_176, 259_294),
    ),
    "F3": (
        Scenario(FIRST, Frequency(2, size=0.8), LARGE),
        Right(135_399.43, 209_577, 557_304, 960_472, 809_758, 1_228_742),
    ),
    "F4": (
        Scenario(FIRST, Frequency(0.3, p=0.3), LARGE),
        Right(20_309.91, 52_330, 107_923, 237_575, 193_902, 361_377),
    ),
    "F5": (
        Scenario(FIRST, Frequency(0.5), GpdTail(5_000_000, 1, 0.3, 4_000_000)),
        Right(53_571.43, 99_103, 231_020, 423_406, 360_774, 611_770),
    ),
}
TOGETHER: dict[float, Right] = {
    0.0: Right(118_106.53, 81_283, 257_337, 426_598, 369_045, 584_654),
    0.6: Right(118_106.53, 93_265, 283_303, 473_551, 407_946, 643_113),
    1.0: Right(118_106.53, 102_166, 300_000, 511_579, 438_253, 697_800),
}
BOTH = (Scenario(FIRST, ONCE, LARGE), Scenario(SECOND, ONCE, SMALL))


def check(losses: Integers, right: Right) -> None:
    """The mean within 3 standard errors, the right quantile in its 99.9 % interval, the shortfall within 4."""
    found = moments(losses)
    assert abs(found.mean - 100 * right.mean) <= 3 * found.error
    ordered = np.sort(losses)
    for percent, value, shortfall in ((95, right.var95, right.es95), (99, right.var99, right.es99)):
        low, high = order_interval(ordered, percent, Z_999)
        assert low <= 100 * value <= high, percent
        one = quantile(ordered, percent)
        assert abs(one.shortfall - 100 * shortfall) <= 4 * one.error, percent


@lru_cache(maxsize=1)
def of_f1(seed: int) -> Integers:
    return annual_losses(F1, seed, TRIALS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SINGLE)
def test_one_scenario_has_its_right_values(name: str, seed: int) -> None:
    scenario, right = SINGLE[name]
    check(annual_losses(scenario, seed, TRIALS), right)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("r", TOGETHER)
def test_two_scenarios_have_the_right_values_of_their_correlation(r: float, seed: int) -> None:
    found = simulate(BOTH, seed, TRIALS, factors_of([Correlation(FIRST, SECOND, r)]))
    check(found[FIRST] + found[SECOND], TOGETHER[r])


def test_chances_of_f1() -> None:
    ordered = np.sort(of_f1(1))
    for amount, chance in ((0, 0.86466), (10_000_000, 0.48416), (50_000_000, 0.02700)):
        assert abs(chance_above(ordered, amount) - chance) < 4 * (chance * (1 - chance) / TRIALS) ** 0.5
    curve = loss_curve(ordered)
    assert len(curve) == 18
    assert all(a.amount <= b.amount and a.probability >= b.probability for a, b in pairwise(curve))


def test_one_seed_gives_the_same_bits_whatever_is_around() -> None:
    other = Scenario(new_id(), Frequency(1), SMALL)
    alone, among = simulate([F1], 7, 25_000), simulate([other, F1], 7, 25_000, workers=2)
    assert np.array_equal(alone[FIRST], among[FIRST])
    assert np.array_equal(annual_losses(F1, 7, 2 * CHUNK + 1), alone[FIRST][: 2 * CHUNK + 1])
    assert not np.array_equal(alone[FIRST], annual_losses(F1, 8, 25_000))


def test_a_copula_moves_years_and_changes_none() -> None:
    plain, mixed = simulate(BOTH, 3, TRIALS), simulate(BOTH, 3, TRIALS, factors_of([Correlation(FIRST, SECOND, 0.6)]))
    for each in (FIRST, SECOND):
        assert np.array_equal(np.sort(plain[each]), np.sort(mixed[each]))
    a, b = (np.argsort(np.argsort(mixed[each], kind="stable")).astype(np.float64) for each in (FIRST, SECOND))
    spearman = float(((a - a.mean()) * (b - b.mean())).mean() / (a.std() * b.std()))
    assert isclose(spearman, 0.582, abs_tol=0.01)


def test_correlations_that_cannot_hold_are_refused_with_their_eigenvalue() -> None:
    ids = sorted(new_id() for _ in range(3))
    pairs = [Correlation(ids[0], ids[1], 0.9), Correlation(ids[0], ids[2], -0.9), Correlation(ids[1], ids[2], 0.9)]
    with pytest.raises(CorrelationNotPositiveDefinite) as refused:
        factors_of(pairs)
    assert isclose(refused.value.extra["least_eigenvalue"], -0.8)


def test_a_pivot_of_zero_gives_a_column_of_zeros() -> None:
    assert cholesky([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]]) == [
        [1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.5, 0.0, pytest.approx(0.75**0.5)],
    ]


def test_no_year_rises_when_it_happens_less_often() -> None:
    rarer = Scenario(FIRST, Frequency(1.2), LARGE)
    before, after = simulate([F1], 1, TRIALS)[FIRST], simulate([rarer], 1, TRIALS)[FIRST]
    assert (after <= before).all()


def test_what_a_spread_of_exposures_does() -> None:
    """Hazard 0.1, loss rate 0.45: 600, 300 and 100 thousand, or five of 200, have one mean and another spread."""
    for exposures, sd in (((60_000_000, 30_000_000, 10_000_000), 96_514), ((20_000_000,) * 5, 63_640)):
        scenario = Scenario(FIRST, Frequency(0.1 * len(exposures)), ExposureShare(exposures, 0.45))
        found = moments(annual_losses(scenario, 1, TRIALS))
        assert abs(found.mean - 4_500_000) <= 4 * found.error
        assert isclose(found.sd / 100, sd, rel_tol=0.02)


def test_the_shortfall_of_the_page() -> None:
    assert quantile(np.arange(5), 75).shortfall == 3.8


def test_what_never_happens_costs_nothing_and_what_always_does_comes_once_a_year() -> None:
    never, always = (annual_losses(Scenario(FIRST, Frequency(p, p=p), LARGE), 1, CHUNK) for p in (0.0, 1.0))
    assert int(never.max()) == 0
    assert int(always.min()) > 0
    assert chance_above(np.sort(never), 0) == 0
    assert chance_above(np.sort(always), 0) == 1
    assert (quantile(np.sort(never), 99).value, moments(never).mean) == (0, 0)


@pytest.mark.parametrize("r", [-1, 1])
def test_risks_that_go_together_or_apart_do_so_year_by_year(r: int) -> None:
    found = simulate(BOTH, 1, CHUNK, factors_of([Correlation(FIRST, SECOND, r)]))
    years = np.lexsort((r * found[SECOND], found[FIRST]))
    assert np.all(np.diff(r * found[SECOND][years]) >= 0)
