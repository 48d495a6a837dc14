"""Pure rules of calibrations: where a year lies among those simulated, and how likely its count was."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, lgamma, log


def percentile_of(quantiles: Sequence[int], loss: int) -> int:
    """At how many percent of the simulated years no more was lost; `quantiles` are those at 0, 1, ... 100 %."""
    return max(0, bisect_right(quantiles, loss) - 1)


def count_p(mean: float, count: int) -> float:
    """min(1, 2 min(P(N <= count), P(N >= count))) of a Poisson count: of a mean of 4.2, 9: 0.0559, 1: 0.1560."""
    if mean <= 0:
        return 0.0 if count else 1.0
    at_count = exp(count * log(mean) - mean - lgamma(count + 1))
    at_most, at_least = _sum(at_count, mean, count, -1), _sum(at_count, mean, count, 1)
    return min(1.0, 2 * min(at_most, at_least))


def _sum(chance: float, mean: float, count: int, step: int) -> float:
    """The chances from a count on, up or down, until what is left no longer counts."""
    total = chance
    while chance > 0 and count + step >= 0:
        chance *= mean / (count + 1) if step > 0 else count / mean
        count += step
        if total + chance == total and (count > mean) == (step > 0):
            break
        total += chance
    return total
