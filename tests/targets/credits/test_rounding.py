"""Laws of the matrix rounding."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.credits.rounding import OutOfRange, round_matrix

MOST_CELLS = 600


@st.composite
def weights(draw: st.DrawFn, most: int = 12) -> list[int]:
    """Shares that sum to a whole; a small whole makes many exact parts whole, which leaves fewest ways out."""
    whole = draw(st.sampled_from([2, 6, 10, 12, 60, 1_000_000]))
    cuts = draw(st.sets(st.integers(1, whole - 1), max_size=min(most, whole) - 1))
    return [b - a for a, b in pairwise([0, *sorted(cuts), whole])]


def amounts(most: int) -> st.SearchStrategy[list[int]]:
    small, any_size = st.integers(-12, 12), st.integers(-(10**13), 10**13)
    return st.lists(small | any_size, max_size=most)


def assert_fair(lines: list[int], shares: list[int], cells: list[list[int]]) -> None:
    whole, total = sum(shares), sum(lines)
    assert [sum(row) for row in cells] == lines
    for line, row in zip(lines, cells, strict=True):
        assert all(abs(cell * whole - line * share) < whole for cell, share in zip(row, shares, strict=True))
    for person, share in enumerate(shares):
        assert abs(sum(row[person] for row in cells) * whole - total * share) < whole


@given(weights(), amounts(12))
def test_lines_are_exact_and_cells_and_persons_floor_or_ceiling(shares: list[int], lines: list[int]) -> None:
    cells = round_matrix(lines, shares)
    assert_fair(lines, shares, cells)
    assert cells == round_matrix(lines, shares)


@pytest.mark.parametrize("persons", [1, 2, 3, 24, 200, 600])
@given(st.data())
def test_the_largest_orders_are_solved(persons: int, data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    cuts = sorted(random.sample(range(1, 1_000_000), persons - 1))
    shares = [b - a for a, b in pairwise([0, *cuts, 1_000_000])]
    lines = [random.randint(0, random.choice([3, 1000, 10**9])) for _ in range(MOST_CELLS // persons)]
    assert_fair(lines, shares, round_matrix(lines, shares))


@given(st.integers(0, 10**13), weights())
def test_one_line_goes_by_largest_remainder(line: int, shares: list[int]) -> None:
    whole = sum(shares)
    (cells,) = round_matrix([line], shares)
    up = [line * share % whole for cell, share in zip(cells, shares, strict=True) if cell * whole > line * share]
    rest = [line * share % whole for cell, share in zip(cells, shares, strict=True) if cell * whole <= line * share]
    assert not up or not rest or min(up) >= max(rest)


def test_totals_that_the_nearest_choice_cannot_reach() -> None:
    # By largest remainder of 16 both shares of 3 would get 4, but the lines have no more than 7 for the two of them.
    lines, shares = [9, 7], [2, 2, 3, 3, 2, 2]
    cells = round_matrix(lines, shares)
    assert_fair(lines, shares, cells)
    assert sorted(map(sum, zip(*cells, strict=True))) == [2, 2, 2, 3, 3, 4]


def test_ranges_are_kept_and_what_stands_elsewhere_counts() -> None:
    assert round_matrix([1], [1, 1]) == [[1, 0]]
    assert round_matrix([1], [1, 1], surplus=[1, -1]) == [[0, 1]]
    assert round_matrix([10], [3, 3, 1], [[(0, 5), (0, 5), (0, 0)]]) == [[5, 5, 0]]
    assert round_matrix([0], [1, 1], [[(0, 1), (-1, 0)]]) == [[0, 0]]
    with pytest.raises(OutOfRange):
        round_matrix([3], [1, 1], [[(0, 1), (0, 1)]])
