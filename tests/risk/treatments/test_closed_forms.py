"""What treatments leave of a compound Poisson loss of lognormal severities, by closed forms: the numbers of the
requirement, in its own unit, and others."""

from __future__ import annotations

from math import exp, log
from statistics import NormalDist

import numpy as np
import pytest

from services.risk.treatments.computation import pair_of
from tests.risk.treatments.test_effects import inputs

NORMAL = NormalDist()
HIGH = NORMAL.inv_cdf(0.95)
POINTS = 400_000


def law(low: float, high: float) -> tuple[float, float]:
    """mu and sigma of the lognormal whose quantiles of 5 and 95 % these are."""
    return (log(low) + log(high)) / 2, (log(high) - log(low)) / (2 * HIGH)


def mean(low: float, high: float) -> float:
    mu, sigma = law(low, high)
    return exp(mu + sigma**2 / 2)


def limited(low: float, high: float, cap: float) -> float:
    """Expected value of a severity of which no more than `cap` counts."""
    if not cap:
        return 0.0
    mu, sigma = law(low, high)
    z = (log(cap) - mu) / sigma
    return mean(low, high) * NORMAL.cdf(z - sigma) + cap * (1 - NORMAL.cdf(z))


def kept(low: float, high: float, deductible: float, limit: float, share: float) -> float:
    """What is left of a severity where others bear a share of what is above a deductible, up to a limit."""
    borne = limited(low, high, deductible + limit) - limited(low, high, deductible)
    return mean(low, high) - share * borne


def roi(before: float, after: float, cost: float) -> float:
    return round((before - after - cost) / cost, 4)


def test_the_amounts_of_the_requirement() -> None:
    """F1 is Poisson 2 of severities between 10,000 and 200,000."""
    assert pytest.approx(1.6448536269514722) == HIGH
    before = 2 * mean(10_000, 200_000)
    mitigated = 2 * 0.6 * 0.8 * mean(10_000, 200_000)
    transferred = 2 * kept(10_000, 200_000, 50_000, 150_000, 0.9)
    assert [f"{each:,.2f}" for each in (before, mitigated, transferred)] == ["135,399.43", "64,991.73", "90,589.24"]
    assert (roi(before, mitigated, 20_000), roi(before, transferred, 45_000)) == (2.5204, -0.0042)


@pytest.mark.parametrize(
    ("low", "high", "rate", "effect", "factor"),
    [
        (10_000, 200_000, 2, {"kind": "mitigate", "frequency_factor": 600_000, "severity_factor": 800_000}, 0.48),
        (1_000, 9_000, 5, {"kind": "mitigate", "frequency_factor": 1_000_000, "severity_factor": 250_000}, 0.25),
        (3_000, 300_000, 0.2, {"kind": "avoid", "share": 350_000}, 0.65),
    ],
)
def test_mitigation_and_avoidance_scale_the_mean(
    low: int, high: int, rate: float, effect: dict[str, object], factor: float
) -> None:
    found = _expected(low, high, rate, effect)
    assert found == pytest.approx(factor * rate * mean(low, high), rel=3e-3)


@pytest.mark.parametrize(
    ("low", "high", "rate", "deductible", "limit", "share"),
    [
        (10_000, 200_000, 2, 50_000, 150_000, 0.9),
        (10_000, 200_000, 2, 0, 1_000, 1.0),
        (1_000, 9_000, 5, 2_500, 400_000, 0.333333),
        (3_000, 300_000, 0.2, 150_000, 50_000, 0.5),
    ],
)
def test_a_transfer_leaves_what_the_limited_means_say(
    low: int, high: int, rate: float, deductible: int, limit: int, share: float
) -> None:
    effect = {
        "kind": "transfer",
        "deductible": deductible * 100,
        "limit": limit * 100,
        "share": round(share * 1_000_000),
    }
    found = _expected(low, high, rate, effect)
    assert found == pytest.approx(rate * kept(low, high, deductible, limit, share), rel=3e-3)


def _expected(low: int, high: int, rate: float, effect: dict[str, object]) -> float:
    """Expected loss of the treated scenario, its severities inverted at the middles of equal parts."""
    severity = {"kind": "lognormal", "q05": low * 100, "q95": high * 100}
    of = inputs(effect, ({"kind": "poisson", "mean": rate}, severity))
    _, after = pair_of(of.scenarios[0], of)
    uniforms = (np.arange(POINTS) + 0.5) / POINTS
    return float(after.frequency.mean) * float(after.severity.losses(uniforms).mean()) / 100
