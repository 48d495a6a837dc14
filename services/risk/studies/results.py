"""What a simulation shows: mean, value at risk, expected shortfall, loss curve, and whose they are.

Amounts are minor units; ranks come from integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kit.money import SHARE_WHOLE, allocate, lots

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Integers

Z_OF_95 = 1.959963984540054
CURVE = (900, 800, 700, 600, 500, 400, 300, 250, 200, 150, 100, 50, 40, 25, 20, 10, 5, 1)
"""Probabilities of a loss curve, thousandths."""
LEAST_TRIALS = 10
"""How many trials a point of a loss curve rests on."""


class Moments(NamedTuple):
    """Mean, standard deviation of a year, standard error of the mean."""

    mean: float
    sd: float
    error: float


class Quantile(NamedTuple):
    """Value at risk with its order interval, and expected shortfall with its standard error."""

    value: int
    low: int
    high: int
    shortfall: float
    error: float


class Point(NamedTuple):
    """A point of a loss curve: the chance of more than `amount` a year, and once in how many years."""

    amount: int
    probability: float
    years: float


def moments(losses: Integers) -> Moments:
    """Of annual losses."""
    count = len(losses)
    sd = float(losses.std(ddof=1))
    return Moments(int(losses.sum()) / count, sd, sd / sqrt(count))


def rank_of(count: int, percent: int) -> int:
    """The rank (from 1) of a quantile: the least k with k >= count x percent / 100."""
    return max(1, -(-count * percent // 100))


def order_interval(ordered: Integers, percent: int, z: float = Z_OF_95) -> tuple[int, int]:
    """Losses at the ranks that lie z standard errors about that of the quantile."""
    count, share = len(ordered), percent / 100
    spread = z * sqrt(count * share * (1 - share))
    low, high = floor(count * share - spread), ceil(count * share + spread)
    return int(ordered[max(1, low) - 1]), int(ordered[min(count, high) - 1])


def quantile(ordered: Integers, percent: int, z: float = Z_OF_95) -> Quantile:
    """Of losses in their order: the k-th is the value at risk, what lies beyond it and its part of the tail the
    expected shortfall (0..4 at 75 %: 3.8)."""
    count, k = len(ordered), rank_of(len(ordered), percent)
    value, beyond = int(ordered[k - 1]), ordered[k:]
    weight = count * (100 - percent)
    shortfall = (int(beyond.sum()) * 100 + value * (100 * k - count * percent)) / weight
    spread = float(beyond.var(ddof=1)) if len(beyond) > 1 else 0.0
    error = sqrt((spread + percent / 100 * (shortfall - value) ** 2) * 100 / weight)
    return Quantile(value, *order_interval(ordered, percent, z), shortfall, error)


def chance_above(ordered: Integers, amount: int) -> float:
    """Share of the years with more than an amount."""
    return (len(ordered) - int(ordered.searchsorted(amount, side="right"))) / len(ordered)


def loss_curve(ordered: Integers) -> list[Point]:
    """Chances of more than an amount, never rising with it, where at least ten trials lie beyond."""
    count = len(ordered)
    found = []
    for thousandths in CURVE:
        if count * thousandths < LEAST_TRIALS * 1000:
            continue
        amount = int(ordered[max(1, -(-count * (1000 - thousandths) // 1000)) - 1])
        chance = chance_above(ordered, amount)
        found.append(Point(amount, chance, 1 / chance if chance else float(count)))
    return found


def shares_of(sums: Mapping[UUID, int]) -> dict[UUID, int]:
    """Sums as shares that are 1,000,000 together: what rounding leaves goes to the largest remainders, then by a
    lot drawn for what they are together."""
    if not any(sums.values()):
        return dict.fromkeys(sums, 0)
    shares = allocate(SHARE_WHOLE, list(sums.values()), lots(sum(sums.values()), "shares", sums))
    return dict(zip(sums, shares, strict=True))


def tail_sums(losses: Mapping[UUID, Integers], total: Integers, percent: int) -> dict[UUID, int]:
    """What each scenario lost in the years beyond the value at risk of all together."""
    tail = total.argsort(kind="stable")[rank_of(len(total), percent) :]
    return {each: int(one[tail].sum()) for each, one in losses.items()}
