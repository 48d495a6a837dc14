"""Laws of how cash goes over the lines and members of an order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import SHARE_WHOLE
from services.targets.credits.rules import Cells, credit
from services.targets.results.rules import collect, collect_anew, weights_of

A, B, C = (UUID(int=number) for number in (1, 2, 3))
ORDER = UUID(int=9)
grosses = st.dictionaries(st.integers(1, 500), st.integers(0, 12) | st.integers(0, 10**9), min_size=1, max_size=6)


@st.composite
def shares(draw: st.DrawFn) -> dict[UUID, int]:
    step = draw(st.sampled_from([1, 1_000, 100_000]))
    cuts = draw(st.sets(st.integers(1, SHARE_WHOLE // step - 1), max_size=4))
    parts = [(b - a) * step for a, b in pairwise([0, *sorted(cuts), SHARE_WHOLE // step])]
    return dict(
        zip(draw(st.lists(st.uuids(), min_size=len(parts), max_size=len(parts), unique=True)), parts, strict=True)
    )


def put(standing: Cells, moved: Cells) -> None:
    for key, amount in moved.items():
        standing[key] = standing.get(key, 0) + amount


def paid(weights: dict[int, int], split: dict[UUID, int], *totals: int, whole: int = 0) -> Cells:
    standing: Cells = {}
    for total in totals:
        put(standing, collect(ORDER, weights, split, standing, total, whole))
    return standing


def test_two_payments_telescope() -> None:
    lines, split = {1: 67_800, 2: 45_200}, {A: 600_000, B: 400_000}
    first = collect(ORDER, lines, split, {}, 50_000, 113_000)
    assert first == {(1, A): 18_000, (1, B): 12_000, (2, A): 12_000, (2, B): 8_000}
    second = collect(ORDER, lines, split, first, 113_000, 113_000)
    assert second == {(1, A): 22_680, (1, B): 15_120, (2, A): 15_120, (2, B): 10_080}


def test_nobody_goes_past_their_part_of_the_whole() -> None:
    split = {A: 428_572, B: 428_571, C: 142_857}
    assert paid({1: 11}, split, 10, whole=11) == {(1, A): 5, (1, B): 4, (1, C): 1}
    assert paid({1: 11}, split, 10, 11, whole=11) == {(1, A): 5, (1, B): 5, (1, C): 1}


@given(grosses, shares(), st.uuids(), st.data())
def test_all_parts_end_at_what_the_order_was_credited_and_go_back_to_nothing(
    gross: dict[int, int], split: dict[UUID, int], order: UUID, data: st.DataObject
) -> None:
    weights, whole = weights_of(gross, gross)
    end = sum(gross.values())
    standing: Cells = {}
    total = 0
    steps = data.draw(st.lists(st.integers(0, end), max_size=6))
    for goal in [*steps, end, *steps[::-1], 0]:
        moved = collect(order, weights, split, standing, goal, whole)
        assert sum(moved.values()) == goal - total
        assert all((cell > 0) == (goal > total) for cell in moved.values()), "no step goes against its direction"
        put(standing, moved)
        assert min(standing.values(), default=0) >= 0
        total = goal
        if goal == end and end:
            positive = {line: amount for line, amount in gross.items() if amount}
            assert {key: cell for key, cell in standing.items() if cell} == {
                key: cell for key, cell in credit(order, positive, split).items() if cell
            }
    assert not any(standing.values())


@given(grosses, shares(), st.uuids(), st.integers(0, 10**9))
def test_one_payment_is_fair_to_lines_and_members(
    gross: dict[int, int], split: dict[UUID, int], order: UUID, total: int
) -> None:
    weights, whole = weights_of(gross, gross)
    cells = collect(order, weights, split, {}, min(total, whole), whole)
    sums: Counter[int] = Counter()
    for (line, _member), cell in cells.items():
        sums[line] += cell
    for line, weight in weights.items():
        assert abs(sums[line] * sum(weights.values()) - min(total, whole) * weight) < sum(weights.values())


@given(grosses, shares(), st.data())
def test_more_than_the_gross_and_unknown_gross_go_by_the_same_weights(
    gross: dict[int, int], split: dict[UUID, int], data: st.DataObject
) -> None:
    weights, whole = weights_of(dict.fromkeys(gross, 0), gross)
    assert whole == 0
    totals = sorted(data.draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=4)))
    cells = paid(weights, split, *totals)
    assert sum(cells.values()) == totals[-1]
    assert sum(paid({1: 5}, split, 3, 8, 6, whole=5).values()) == 6


@pytest.mark.parametrize(
    ("gross", "net", "expected"),
    [
        ({1: 0, 2: 0}, {1: 0, 2: 0}, ({1: 1, 2: 1}, 0)),
        ({1: 0, 2: 0}, {1: -5, 2: 3}, ({1: 0, 2: 3}, 0)),
        ({1: -5, 2: 8}, {1: -5, 2: 8}, ({1: 0, 2: 8}, 8)),
    ],
)
def test_what_cash_goes_by(gross: dict[int, int], net: dict[int, int], expected: object) -> None:
    assert weights_of(gross, net) == expected


@given(grosses, shares(), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_decided_anew_it_is_what_it_would_have_been(
    gross: dict[int, int], other: dict[UUID, int], amounts: list[int]
) -> None:
    weights, whole = weights_of(gross, gross)
    anew = collect_anew(ORDER, weights, other, enumerate(amounts), whole)
    assert [sum(cells.values()) for _number, cells in anew] == amounts
    standing: Cells = {}
    for number, cells in anew:
        assert collect(ORDER, weights, other, standing, sum(amounts[: number + 1]), whole) == cells
        put(standing, cells)
