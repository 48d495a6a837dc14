"""Matrix rounding: amounts of lines over persons by their shares, exact in every line and fair to every person.

The exact part of a person in a line is amount x share / sum of the shares. Rounded, every line sums to its amount,
every cell is the floor or the ceiling of its exact part, and so is every person's total. Such a rounding always exists:
the exact parts are a flow from lines to persons whose capacities are whole, so there is a whole flow as well.
What persons are above their exact total ("surplus") is counted in parts of a cent: 1 / sum of the shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Range = tuple[int, int]
"""The least and the greatest that a cell may be."""


class OutOfRange(ValueError):
    """The cells of a line cannot come to its amount."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Who has one cent more than the least they may have in a line, and who could have it but has not."""

    low: list[int]
    more: set[int]
    less: set[int]

    def cells(self) -> list[int]:
        """What each person gets."""
        return [low + (person in self.more) for person, low in enumerate(self.low)]


def round_matrix(
    amounts: Sequence[int],
    shares: Sequence[int],
    ranges: Sequence[Sequence[Range]] | None = None,
    surplus: Sequence[int] | None = None,
) -> list[list[int]]:
    """Cells by line and person; `shares` are positive, and ties go by the order of lines and persons.

    Totals of persons go by largest remainder where the lines allow it. With `ranges` (by line and person) every cell is
    in its range, and as near to the rest of the rule as the ranges allow; `surplus` is what each person is above their
    share elsewhere, and sums to 0. Raises OutOfRange.
    """
    whole = sum(shares)
    above = list(surplus or [0] * len(shares))
    lines = [
        _rounded(amount, shares, whole, ranges[number] if ranges else None, above)
        for number, amount in enumerate(amounts)
    ]
    # In whole cents from the ceiling of the exact total: 0 is the ceiling, -1 the floor (0 if the total is whole).
    level, rest = [part // whole for part in above], [part % whole for part in above]
    floors = [-1 if part else 0 for part in rest]
    down = set(sorted(range(len(rest)), key=lambda person: (-rest[person], -person))[: sum(rest) // whole])
    nearest = [-1 if person in down else 0 for person in range(len(rest))]
    for limits in (nearest, [0] * len(rest), floors):
        _even_out(lines, level, limits)
    return [line.cells() for line in lines]


def _rounded(amount: int, shares: Sequence[int], whole: int, ranges: Sequence[Range] | None, above: list[int]) -> _Line:
    """Round one line: the odd cents go to whoever is least above their share so far; moves `above` on."""
    exact = [divmod(amount * share, whole) for share in shares]
    low = [floor for floor, _ in exact]
    high = [floor + (part > 0) for floor, part in exact]
    if ranges is not None:
        low = [min(max(cell, least), most) for cell, (least, most) in zip(low, ranges, strict=True)]
        high = [min(max(cell, least), most) for cell, (least, most) in zip(high, ranges, strict=True)]
        if not sum(low) <= amount <= sum(high):
            low = high = _stretched(amount, high if sum(high) < amount else low, ranges, above)
    for person, share in enumerate(shares):
        above[person] += low[person] * whole - amount * share
    odd = sorted((person for person in range(len(shares)) if high[person] > low[person]), key=above.__getitem__)
    count = amount - sum(low)
    for person in odd[:count]:
        above[person] += whole
    return _Line(low, set(odd[:count]), set(odd[count:]))


def _stretched(amount: int, cells: Sequence[int], ranges: Sequence[Range], above: Sequence[int]) -> list[int]:
    """Cells that come to the amount by leaving their floor and ceiling, those furthest from their share first."""
    stretched, missing = list(cells), amount - sum(cells)
    for person in sorted(range(len(cells)), key=lambda person: above[person] if missing > 0 else -above[person]):
        least, most = ranges[person]
        step = min(max(missing, least - cells[person]), most - cells[person])
        stretched[person] += step
        missing -= step
    if missing:
        raise OutOfRange(f"{amount} is not in the ranges {ranges}")
    return stretched


def _even_out(lines: Sequence[_Line], level: list[int], limits: Sequence[int]) -> None:
    """Move odd cents, each within its line, from persons above their limit to persons below, until no way is left."""
    while any(have > limit for have, limit in zip(level, limits, strict=True)):
        way = _way(lines, level, limits)
        if not way:
            return
        for line, giver, taker in way:
            line.more.remove(giver)
            line.less.add(giver)
            line.less.remove(taker)
            line.more.add(taker)
        level[way[-1][1]] -= 1
        level[way[0][2]] += 1


def _way(lines: Sequence[_Line], level: Sequence[int], limits: Sequence[int]) -> list[tuple[_Line, int, int]]:
    """A shortest chain of (line, giver, taker), last giver first, from above a limit to below one; empty if none."""
    reached = [person for person, have in enumerate(level) if have > limits[person]]
    unseen = set(range(len(level))).difference(reached)
    came: dict[int, tuple[_Line, int, int]] = {}
    for giver in reached:
        for line in lines:
            if giver not in line.more:
                continue
            for taker in sorted(line.less & unseen):
                came[taker] = (line, giver, taker)
                if level[taker] < limits[taker]:
                    way = [came[taker]]
                    while way[-1][1] in came:
                        way.append(came[way[-1][1]])
                    return way
                reached.append(taker)
                unseen.remove(taker)
    return []
