"""Rules of the funnel, against an independent library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.customer.funnel.rules import rate, velocity, wilson


@given(st.integers(1, 5_000).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))))
def test_wilson_is_that_of_an_independent_library(counts: tuple[int, int]) -> None:
    hits, size = counts
    known = binomtest(hits, size).proportion_ci(0.95, "wilson")
    assert wilson(hits, size) == pytest.approx((known.low, known.high), abs=1e-6)


def test_known_intervals() -> None:
    ends = [tuple(round(end, 4) for end in wilson(*counts)) for counts in ((6, 8), (4, 6), (2, 6))]
    assert ends == [(0.4093, 0.9285), (0.3000, 0.9032), (0.0968, 0.7000)]


def test_too_few_tell_nothing() -> None:
    assert rate(4, 4, 5) == (None, None, None, 4)
    assert rate(0, 0).value is None
    assert rate(1, 5, 5).value == 200000
    assert rate(0, 5)[:2] == (0, 0)
    assert rate(5, 5)[::2] == (1000000, 1000000)


def test_velocity() -> None:
    assert velocity(8, 2, 4, 300_000, 70) == 11_429
    for won, lost, days in ((2, 2, 70), (0, 6, 0), (6, 0, 0)):
        assert velocity(8, won, lost, 300_000, days) is None
