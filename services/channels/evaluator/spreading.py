"""How an amount of several lines is spread over them, and how gifts of several rules to one line are cut."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kit.money import SHARE_WHOLE, allocate


def rounded(exact: int) -> int:
    """An amount in millionths of a minor unit as minor units, half-even; not negative."""
    quotient, rest = divmod(exact, SHARE_WHOLE)
    return quotient + (2 * rest + (quotient & 1) > SHARE_WHOLE)


def spread(amount: int, weights: Sequence[int | Fraction], rooms: Sequence[int]) -> list[int]:
    """In proportion to the weights, none above its room: what one cannot take, the others do; never more than all
    rooms hold. Rounded by largest remainder, ties to the earlier.

    >>> spread(3000, [10000, 5000, 5000], [200, 5000, 5000])
    [200, 1400, 1400]
    """
    parts = [0] * len(weights)
    free = [place for place, weight in enumerate(weights) if weight > 0 and rooms[place] > 0]
    left = min(amount, sum(rooms[place] for place in free))
    while free and left > 0:
        whole = sum(weights[place] for place in free)
        full = [place for place in free if left * weights[place] >= rooms[place] * whole]
        if not full:
            return _with_remainder(left, free, weights, rooms, parts)
        for place in full:
            parts[place] = rooms[place]
            left -= rooms[place]
        free = [place for place in free if not parts[place]]
    return parts


def _with_remainder(
    left: int, free: list[int], weights: Sequence[int | Fraction], rooms: Sequence[int], parts: list[int]
) -> list[int]:
    """Every exact part is below its room, which is whole: one more by remainder still fits."""
    for place, part in zip(free, allocate(left, [weights[place] for place in free]), strict=True):
        parts[place] = min(part, rooms[place])
    return parts


def cut(gave: Sequence[tuple[int, bool, int]], net: int, room: int) -> list[int]:
    """What is really given of a line, by (order of the rule, may it go below the floor, amount), sorted by order.

    Rules that keep the floor share its room in proportion to what each gave; the others come after, within the net.
    """
    real = [0] * len(gave)
    for is_below in (False, True):
        chosen = [place for place, one in enumerate(gave) if one[1] is is_below and one[2] > 0]
        limit = net - sum(real) if is_below else min(room, net)
        amounts = [gave[place][2] for place in chosen]
        if sum(amounts) > limit:
            amounts = allocate(limit, amounts) if limit > 0 else [0] * len(chosen)
        for place, amount in zip(chosen, amounts, strict=True):
            real[place] = amount
    return real
