"""Frequencies and severities estimated from what happened, with 90 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from services.risk.scenarios.distributions import Z95, Lognormal

DAYS_OF_A_YEAR = 365.25
LEAST_LOSSES = 10
LEAST_PERIODS = 8
LEAST_EXCESSES = 30
SIGNIFICANT = 0.05


class Rate(NamedTuple):
    """Events a year, and the interval that holds the right value in 9 of 10 estimates."""

    mean: float
    low: float
    high: float


class Dispersion(NamedTuple):
    """Counts by period: mean, variance (n - 1), the chance of so much spread under Poisson, and the size of the
    negative binomial that has it (None: Poisson will do)."""

    mean: float
    variance: float
    p: float
    size: float | None


class Tail(NamedTuple):
    """A generalised Pareto tail by maximum likelihood, with its standard errors."""

    xi: float
    beta: float
    xi_error: float
    beta_error: float


def rate_of(events: int, days: int) -> Rate:
    """7 in 2.5 years are 2.8 a year (1.314 to 5.259)."""
    from scipy.special import chdtri

    years = days / DAYS_OF_A_YEAR
    # chdtri takes the chance of more: that of the lower bound is 0.95
    low = float(chdtri(2 * events, 0.95)) / (2 * years) if events else 0.0
    return Rate(events / years, low, float(chdtri(2 * events + 2, 0.05)) / (2 * years))


def dispersion_of(counts: Sequence[int]) -> Dispersion | None:
    """Of counts by equal periods; None for fewer than 8, or when nothing happened."""
    from scipy.special import chdtrc

    if len(counts) < LEAST_PERIODS or not any(counts):
        return None
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    p = float(chdtrc(len(counts) - 1, (len(counts) - 1) * variance / mean))
    is_spread = p < SIGNIFICANT and variance > mean
    return Dispersion(mean, variance, p, mean**2 / (variance - mean) if is_spread else None)


def lognormal_of(losses: Sequence[float]) -> Lognormal | None:
    """By mean and standard deviation (n - 1) of the logarithms; None for fewer than 10 losses above 0 that differ."""
    logs = [log(loss) for loss in losses if loss > 0]
    if len(logs) < LEAST_LOSSES or min(logs) == max(logs):
        return None
    mu = sum(logs) / len(logs)
    sigma = sqrt(sum((one - mu) ** 2 for one in logs) / (len(logs) - 1))
    return Lognormal(exp(mu - Z95 * sigma), exp(mu + Z95 * sigma))


def tail_of(excesses: Sequence[float]) -> Tail | None:
    """Of what losses have above a threshold; None for fewer than 30 of them."""
    if len(excesses) < LEAST_EXCESSES:
        return None
    from scipy import stats

    xi, _, beta = (float(one) for one in stats.genpareto.fit(excesses, floc=0))
    count = len(excesses)
    return Tail(xi, beta, (1 + xi) / sqrt(count), beta * sqrt(2 * (1 + xi) / count))
