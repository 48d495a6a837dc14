"""Pure rules of the funnel: counts in, shares with their intervals out."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from kit.money import SHARE_WHOLE, ratio

Z = 1.959964
"""Of an interval of 95 %."""
MIN_DECIDED = 5
"""Of fewer decided ones no share is told."""


class Rate(NamedTuple):
    """A share with its interval of 95 % in millionths, None where the data do not suffice, and of how many it is."""

    value: int | None
    low: int | None
    high: int | None
    sample_size: int


def wilson(hits: float, size: int) -> tuple[float, float]:
    """The Wilson score interval of 95 % of `hits` out of `size`, within 0 and 1 (E. B. Wilson, 1927).

    >>> [round(end, 4) for end in wilson(6, 8)]
    [0.4093, 0.9285]
    """
    share, square = hits / size, Z * Z
    middle = (share + square / (2 * size)) / (1 + square / size)
    half = Z / (1 + square / size) * sqrt(share * (1 - share) / size + square / (4 * size * size))
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(hits: int, size: int, least: int = 1) -> Rate:
    """`hits` out of `size`; of fewer than `least` nothing is told."""
    if size < least:
        return Rate(None, None, None, size)
    low, high = wilson(hits, size)
    return Rate(ratio(hits, SHARE_WHOLE, size), round(low * SHARE_WHOLE), round(high * SHARE_WHOLE), size)


def velocity(cohort: int, won: int, lost: int, won_base: int, won_days: int) -> int | None:
    """What the opportunities of a cohort bring a day, in minor units: their number x win rate x mean amount of the won
    ones / mean days from opening to winning. None of too few decided ones, without a won one, or when all took no day.

    >>> velocity(8, 2, 4, 300_000, 70)
    11429
    """
    if won + lost < MIN_DECIDED or won_days <= 0:
        return None
    return ratio(cohort * won, won_base, (won + lost) * won_days)
