"""Estimates against the numbers of the requirement, and distributions that are refused."""

from __future__ import annotations

from math import isclose, nan
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.scenarios.distributions import (
    DistributionInvalid,
    Empirical,
    Frequency,
    GpdTail,
    InfiniteMean,
    Lognormal,
    Pert,
)
from services.risk.scenarios.estimates import dispersion_of, lognormal_of, rate_of, tail_of
from services.risk.studies.results import rank_of, shares_of


def test_a_rate_with_its_interval() -> None:
    found = rate_of(7, 913)
    assert [round(one, 3) for one in found] == pytest.approx([2.8, 1.314, 5.259], abs=0.002)
    assert rate_of(0, 365).low == 0.0


def test_counts_that_spread_more_than_poisson() -> None:
    found = dispersion_of([0, 3, 1, 7, 2, 0, 5, 2, 1, 9])
    assert found is not None
    assert (found.mean, round(found.variance, 3), round(found.p, 5)) == (3.0, 9.333, 0.00095)
    assert found.size is not None
    assert round(found.size, 3) == 1.421
    even = dispersion_of([3, 2, 4, 3, 3, 2, 4, 3])
    assert even is not None
    assert even.size is None
    assert dispersion_of([1] * 7) is None
    assert dispersion_of([0] * 9) is None


def test_a_lognormal_is_found_again() -> None:
    right = Lognormal(1_000_000, 20_000_000)
    losses = right.losses((np.arange(2000) + 0.5) / 2000)
    found = lognormal_of(losses.tolist())
    assert found is not None
    assert isclose(found.q05, right.q05, rel_tol=0.02)
    assert isclose(found.q95, right.q95, rel_tol=0.02)
    assert lognormal_of([5.0] * 9) is None
    assert lognormal_of([5.0] * 20) is None


def test_a_tail_is_found_again() -> None:
    right = GpdTail(0, 1, 0.3, 40_000)
    found = tail_of(right.losses((np.arange(4000) + 0.5) / 4000).tolist())
    assert found is not None
    assert abs(found.xi - 0.3) < 3 * found.xi_error
    assert abs(found.beta - 40_000) < 3 * found.beta_error
    assert isclose(found.xi_error, (1 + found.xi) / 4000**0.5)
    assert tail_of([1.0] * 29) is None


def test_moments_of_pert() -> None:
    pert = Pert(500_000, 2_000_000, 8_000_000)
    losses = pert.losses((np.arange(100_000) + 0.5) / 100_000)
    assert isclose(float(losses.mean()), pert.mean, rel_tol=1e-4)
    assert isclose(float(losses.var()), pert.variance, rel_tol=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        Lognormal(2, 1),
        Lognormal(0, 1),
        Lognormal(nan, 1),
        Pert(1, 0, 2),
        Pert(2, 2, 2),
        Pert(0, 1, 2, 0),
        Empirical((1.0,) * 19),
        Empirical((*(1.0,) * 19, -1.0)),
        GpdTail(1, 0.5, 0.1, 1),
        GpdTail(1, 1, 0.1, 0),
        GpdTail(1, 1, nan, 1),
        Frequency(-1),
        Frequency(nan),
        Frequency(1, size=0),
        Frequency(1, p=1.5),
    ],
)
def test_what_makes_no_distribution(wrong: Lognormal | Pert | Empirical | GpdTail | Frequency) -> None:
    with pytest.raises(DistributionInvalid):
        wrong.check()


def test_a_tail_without_a_mean_and_one_without_a_variance() -> None:
    with pytest.raises(InfiniteMean):
        GpdTail(1, 1, 1.0, 1).check()
    heavy = GpdTail(1, 1, 0.5, 1)
    heavy.check()
    assert not heavy.has_variance


def test_a_body_ends_where_its_tail_begins() -> None:
    mixed = GpdTail(5_000_000, 0.1, 0.2, 1_000_000, Lognormal(1_000_000, 20_000_000))
    mixed.check()
    losses = mixed.losses((np.arange(100_000) + 0.5) / 100_000)
    assert (np.diff(losses) >= 0).all()
    assert isclose(float((losses > 5_000_000).mean()), 0.1, abs_tol=1e-4)


def test_frequencies_over_years() -> None:
    assert Frequency(2, size=0.8).over(1.5) == Frequency(3.0, size=1.2000000000000002)
    assert isclose(Frequency(0.3, p=0.3).over(2).mean, 0.51)


@given(st.integers(10_000, 1_000_000), st.sampled_from((95, 99)))
def test_ranks_come_from_integers(count: int, percent: int) -> None:
    k = rank_of(count, percent)
    assert (k - 1) * 100 < count * percent <= k * 100


@given(st.dictionaries(st.integers(0, 50).map(lambda number: UUID(int=number)), st.integers(0, 10**15), min_size=1))
def test_shares_are_the_whole(sums: dict[UUID, int]) -> None:
    assert sum(shares_of(sums).values()) == (1_000_000 if any(sums.values()) else 0)


@pytest.mark.parametrize("xi", [1e-300, 1e-17, 1e-12, 1e-9, -1e-17, -1e-9])
def test_a_tail_of_nearly_no_shape_is_nearly_exponential(xi: float) -> None:
    uniforms = np.array([2.0**-53, 0.3, 0.5, 0.9, 0.999, 1 - 2.0**-53])
    plain, shaped = (GpdTail(50_000, 1, each, 40_000).losses(uniforms) for each in (0.0, xi))
    assert np.allclose(plain, shaped, rtol=1e-7, atol=0)
