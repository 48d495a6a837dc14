"""Pure rule of what a return is worth: rounded once for the order, and spread over the lines that came back."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from math import lcm
from typing import NamedTuple

from kit.money import ratio


class Part(NamedTuple):
    """Of one amount of a line: the whole, `returned` of `quantity` pieces, and what was given back before."""

    amount: int
    returned: int
    quantity: int
    before: int


def spread(parts: Sequence[Part], lots: Sequence[str]) -> list[int]:
    """What of each line is given back in all, when so many of its pieces have come back in all.

    The sum is round(sum of amount x returned / quantity), half-even, once; where more was given back before, that
    stays. Each line is between what was given back before and its amount, and as near to its own exact value as the sum
    lets it be; what lies between equals goes by lot (`lots`, one per line). Nothing is given back of a line of which
    nothing has come back, and of an order that came back as a whole exactly all of it.
    """
    back = [index for index, part in enumerate(parts) if part.returned]
    whole = lcm(*(parts[index].quantity for index in back))
    exact = [part.amount * part.returned * (whole // part.quantity) if part.returned else 0 for part in parts]
    target = max(ratio(1, sum(exact), whole), sum(part.before for part in parts))
    given = [max(part.before, value // whole) for part, value in zip(parts, exact, strict=True)]
    missing = target - sum(given)
    step = 1 if missing > 0 else -1

    def may_move(index: int) -> bool:
        return given[index] < parts[index].amount if step > 0 else given[index] > parts[index].before

    def rank(index: int) -> tuple[int, str, int]:
        return step * (given[index] * whole - exact[index]), lots[index], index

    queue = [rank(index) for index in back if may_move(index)]
    heapify(queue)
    for _ in range(abs(missing)):
        index = heappop(queue)[-1]
        given[index] += step
        if may_move(index):
            heappush(queue, rank(index))
    return given
