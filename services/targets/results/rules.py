"""Pure rules of results: how the cash of an order goes over its lines and members, and what an answer counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from kit.money import lots
from services.targets.credits.enums import Measure
from services.targets.credits.rounding import Range, round_matrix
from services.targets.credits.rules import Cells, credit

Key = TypeVar("Key", int, UUID)

ONE = 1_000
"""A visit, an opportunity or an answer, in thousandths."""
_TOP = 4
_PROMOTER, _DETRACTOR = 9, 6


def weights_of(gross: Mapping[int, int], net: Mapping[int, int]) -> tuple[dict[int, int], int]:
    """What cash goes by, line by line, and how much cash is all of it: gross; where none is known net, and without that
    all lines alike, of no known whole (0).

    >>> weights_of({1: 678, 2: 0}, {1: 600, 2: 0}), weights_of({1: 0, 2: 0}, {1: 6, 2: 4})
    (({1: 678, 2: 0}, 678), ({1: 6, 2: 4}, 0))
    """
    by_gross = {line: max(0, amount) for line, amount in gross.items()}
    if whole := sum(by_gross.values()):
        return by_gross, whole
    by_net = {line: max(0, amount) for line, amount in net.items()}
    return by_net if any(by_net.values()) else dict.fromkeys(net, 1), 0


def collect(
    order_id: UUID, weights: Mapping[int, int], shares: Mapping[UUID, int], standing: Cells, total: int, whole: int
) -> Cells:
    """What is posted of the cash of an order when it comes to `total` (not below 0), from what stands of it.

    Lines by their weights, members by their shares, one rounding, so that all parts that are paid telescope. No cell
    goes against the direction of the step, nor past its part of the `whole` (up) or 0 (down). Cells that stay are left
    out.
    """
    lines = _drawn(order_id, "line", {line: weight for line, weight in weights.items() if weight > 0})
    members = _drawn(order_id, "member", shares)
    stands = [[standing.get((line, member), 0) for member in members] for line in lines]
    sums = [sum(row) for row in stands]
    by_line, by_member = [weights[line] for line in lines], [shares[member] for member in members]
    if total < sum(sums):
        line_ends, ends = [0] * len(lines), [[0] * len(members) for _ in lines]
        limits = _down
    else:
        (line_ends,) = round_matrix([max(whole, total)], by_line)
        parts = credit(order_id, dict(zip(lines, line_ends, strict=True)), shares)
        ends = [[parts[line, member] for member in members] for line in lines]
        limits = _up
    (amounts,) = round_matrix([total], by_line, [limits(sums, line_ends)])
    cells = round_matrix(amounts, by_member, [limits(*row) for row in zip(stands, ends, strict=True)])
    moved = {
        (line, member): cells[row][column] - stands[row][column]
        for row, line in enumerate(lines)
        for column, member in enumerate(members)
    }
    return {key: amount for key, amount in sorted(moved.items()) if amount}


def _up(stands: Sequence[int], ends: Sequence[int]) -> list[Range]:
    return [(stand, max(stand, end)) for stand, end in zip(stands, ends, strict=True)]


def _down(stands: Sequence[int], ends: Sequence[int]) -> list[Range]:
    return [(min(stand, end), max(stand, end)) for stand, end in zip(stands, ends, strict=True)]


def _drawn(order_id: UUID, what: str, weights: Mapping[Key, int]) -> list[Key]:
    """In the order in which ties go: large ones first, equal ones by lot."""
    drawn = dict(zip(weights, lots(order_id, what, weights), strict=True))
    return sorted(weights, key=lambda key: (-weights[key], drawn[key]))


def collect_anew(
    order_id: UUID,
    weights: Mapping[int, int],
    shares: Mapping[UUID, int],
    steps: Iterable[tuple[int, int]],
    whole: int,
) -> list[tuple[int, Cells]]:
    """What each step (a number and an amount) of the cash of an order comes to under other shares, one after the other
    as they would have been."""
    standing: Cells = {}
    total = 0
    found: list[tuple[int, Cells]] = []
    for number, amount in steps:
        total += amount
        moved = collect(order_id, weights, shares, standing, total, whole)
        for key, cell in moved.items():
            standing[key] = standing.get(key, 0) + cell
        found.append((number, moved))
    return found


def answered(kind: str, score: int | None) -> tuple[Measure, ...]:
    """What an answer counts once each; nothing of a kind that no metric asks for, or without a score.

    >>> answered("csat", 4)
    (<Measure.ANSWERS: 'answers'>, <Measure.CSAT_TOP: 'csat_top'>)
    >>> answered("nps", 7), answered("ces", 7)
    ((<Measure.ANSWERS: 'answers'>, <Measure.NPS_ANSWERS: 'nps_answers'>), ())
    """
    if score is None or kind not in {"csat", "nps"}:
        return ()
    if kind == "csat":
        return (Measure.ANSWERS, Measure.CSAT_TOP) if score >= _TOP else (Measure.ANSWERS,)
    both = Measure.ANSWERS, Measure.NPS_ANSWERS
    if score >= _PROMOTER:
        return *both, Measure.PROMOTERS
    return (*both, Measure.DETRACTORS) if score <= _DETRACTOR else both
