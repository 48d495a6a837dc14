"""Distributions of a scenario, estimated from losses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import sqrt
from typing import NamedTuple

from kit.errors import FieldError
from services.risk.scenarios.bodies import (
    EmpiricalBody,
    Estimate,
    FrequencyBody,
    GpdTailBody,
    Interval,
    LognormalBody,
    NegativeBinomialBody,
    PoissonBody,
    SeverityBody,
    Spread,
)
from services.risk.scenarios.distributions import Z95, InfiniteMean, Lognormal
from services.risk.scenarios.enums import FrequencyKind, LossSource, SeverityKind
from services.risk.scenarios.estimates import (
    DAYS_OF_A_YEAR,
    LEAST_PERIODS,
    Tail,
    dispersion_of,
    lognormal_of,
    rate_of,
    tail_of,
)

MONTHS = 12
BODY_VALUES = 1_000
"""How many values the body of a tail keeps: those at even ranks."""
LEAST_BODY = 20


class Estimated(NamedTuple):
    """What was found; without distributions there were too few losses, or all were alike."""

    estimate: Estimate
    frequency: FrequencyBody | None = None
    severity: SeverityBody | None = None


class Window(NamedTuple):
    """The days whose losses count, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """From the first to the last, both counted."""
        return (self.last - self.first).days + 1

    @property
    def periods(self) -> int:
        """Equal parts: years where there are eight, else months, eight at least."""
        years = self.days / DAYS_OF_A_YEAR
        return round(years) if years >= LEAST_PERIODS else max(LEAST_PERIODS, round(MONTHS * years))


def estimate_of(
    source: LossSource, window: Window, losses: Sequence[tuple[date, int]], threshold: float | None
) -> Estimated:
    """Of losses by day and amount; raises InfiniteMean for a tail too heavy to have a mean."""
    amounts = sorted(amount for _, amount in losses)
    rate = rate_of(len(amounts), window.days)
    lognormal = lognormal_of(amounts)
    found: Estimate = Estimate(
        source=source,
        first=window.first,
        last=window.last,
        losses=len(amounts),
        least=amounts[0] if amounts else None,
        most=amounts[-1] if amounts else None,
        total=sum(amounts),
        insufficient_data=lognormal is None,
        rate=Interval(value=rate.mean, low=rate.low, high=rate.high),
    )
    if lognormal is None:
        return Estimated(found)
    frequency, spread = _frequency_of(window, [day for day, _ in losses], rate.mean)
    start = threshold if threshold is not None else float(amounts[-(-len(amounts) * 9 // 10) - 1])
    excesses = [amount - start for amount in amounts if amount > start]
    tail = tail_of(excesses)
    more = {"spread": spread, "threshold": start, "excesses": len(excesses), **_of_logs(lognormal, len(amounts))}
    plain = LognormalBody(kind=SeverityKind.LOGNORMAL, q05=lognormal.q05, q95=lognormal.q95)
    severity: SeverityBody = plain
    if tail is not None:
        severity = _with_tail(tail, start, amounts, plain)
        more |= {
            "xi": _around(tail.xi, Z95 * tail.xi_error),
            "beta": _around(tail.beta, Z95 * tail.beta_error),
        }
    return Estimated(found.model_copy(update=more), frequency, severity)


def _frequency_of(window: Window, days: Sequence[date], mean: float) -> tuple[FrequencyBody, Spread | None]:
    counts = [0] * window.periods
    for day in days:
        counts[(day - window.first).days * len(counts) // window.days] += 1
    found = dispersion_of(counts)
    spread = None if found is None else Spread(periods=len(counts), mean=found.mean, variance=found.variance, p=found.p)
    if found is None or found.size is None:
        return PoissonBody(kind=FrequencyKind.POISSON, mean=mean), spread
    # mean and size of a negative binomial grow with time alike
    size = found.size * mean / found.mean
    return NegativeBinomialBody(kind=FrequencyKind.NEGATIVE_BINOMIAL, mean=mean, size=size), spread


def _with_tail(tail: Tail, start: float, amounts: Sequence[int], below: LognormalBody) -> GpdTailBody:
    if tail.xi >= 1:
        detail = f"above {start:.0f} the losses have xi {tail.xi:.3f}: no mean"
        raise InfiniteMean(detail, errors=[FieldError("/threshold", InfiniteMean.code, detail)])
    under = [float(amount) for amount in amounts if amount <= start]
    share = 1 - len(under) / len(amounts)
    if len(under) > BODY_VALUES:
        under = [under[(2 * rank + 1) * len(under) // (2 * BODY_VALUES)] for rank in range(BODY_VALUES)]
    body: LognormalBody | EmpiricalBody | None = None
    if share < 1:
        is_enough = len(under) >= LEAST_BODY
        body = EmpiricalBody(kind=SeverityKind.EMPIRICAL, values=tuple(under)) if is_enough else below
    return GpdTailBody(
        kind=SeverityKind.GPD_TAIL, threshold=start, tail_share=share, xi=tail.xi, beta=tail.beta, body=body
    )


def _of_logs(found: Lognormal, count: int) -> dict[str, Interval]:
    """Student's and chi-square intervals of the mean and the standard deviation of logarithms."""
    from scipy.special import chdtri, stdtrit

    reach = float(stdtrit(count - 1, 0.95)) * found.sigma / sqrt(count)
    low, high = (found.sigma * sqrt((count - 1) / float(chdtri(count - 1, chance))) for chance in (0.05, 0.95))
    return {"mu": _around(found.mu, reach), "sigma": Interval(value=found.sigma, low=low, high=high)}


def _around(value: float, reach: float) -> Interval:
    return Interval(value=value, low=value - reach, high=value + reach)
