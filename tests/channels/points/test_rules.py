"""What orders earn, and from which lots points go: the numbers of the requirement, and laws."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.money import SHARE_WHOLE
from services.channels.points.rules import (
    Factor,
    Rate,
    Sold,
    back_of,
    earned,
    factor_of,
    given_back,
    months_later,
    most_off,
    most_points,
    take,
    worth_of,
)

RATE = Rate(1, 1000)


class Kept(NamedTuple):
    id: UUID
    remaining: int
    earned_on: date
    expires_on: date


def lot(number: int, remaining: int, expires: str, on: str = "2026-01-01") -> Kept:
    return Kept(UUID(int=number), remaining, date.fromisoformat(on), date.fromisoformat(expires))


def test_an_order_rounds_down_once() -> None:
    """95.50 + 8.90 at 1 per 10.00: 10; the first doubled: 19."""
    lines = [Sold(1, "a", 1, 9_550), Sold(2, "b", 1, 890)]
    assert sum(earned(lines, RATE)) == 10
    assert sum(earned([lines[0]._replace(factor=2 * SHARE_WHOLE), lines[1]], RATE)) == 19


def test_less_than_a_point_is_none_and_gifts_earn_nothing() -> None:
    assert earned([Sold(1, "a", 1, 999)], RATE) == [0]
    assert earned([Sold(1, "a", 1, 5_000), Sold(2, "gift", 1, 0)], RATE) == [5, 0]


def test_the_largest_factor_of_a_product_counts() -> None:
    factors = [
        Factor(frozenset(), frozenset({"rock"}), 2_000_000),
        Factor(frozenset({"CD-1"}), frozenset(), 3_000_000),
    ]
    assert [factor_of(factors, sku, line) for sku, line in (("CD-1", "rock"), ("CD-2", "rock"), ("CD-3", "jazz"))] == [
        3_000_000,
        2_000_000,
        SHARE_WHOLE,
    ]
    assert factor_of([Factor(frozenset(), frozenset(), 0)], "CD-1", None) == 0, "named: nothing at all"


def test_what_expires_first_goes_first() -> None:
    """300 (to 03-31), 500 (to 06-30): 400 are 300 + 100."""
    lots = [lot(2, 500, "2026-06-30"), lot(1, 300, "2026-03-31")]
    assert take(lots, 400) == [(UUID(int=1), 300), (UUID(int=2), 100)]
    assert take(lots, 400, UUID(int=2)) == [(UUID(int=2), 400)], "its own lot first"
    assert take(lots, 900) == [(UUID(int=1), 300), (UUID(int=2), 500)]


def test_months_end_with_their_last_day() -> None:
    assert months_later(date(2026, 2, 14), 12) == date(2027, 2, 14)
    assert months_later(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)


SOLD = st.builds(
    Sold,
    line_no=st.just(1),
    sku=st.sampled_from("abc"),
    quantity=st.integers(1, 9),
    net_base=st.integers(0, 10**7),
    factor=st.sampled_from((0, SHARE_WHOLE, 2_500_000)),
)


@given(st.lists(SOLD, min_size=1, max_size=8))
def test_lines_sum_to_the_order_and_no_order_of_them_matters(lines: list[Sold]) -> None:
    points = earned(lines, RATE)
    assert sum(points) == sum(line.net_base * line.factor for line in lines) // (1_000 * SHARE_WHOLE)
    turned = list(reversed(lines))
    assert sorted(zip(turned, earned(turned, RATE), strict=True)) == sorted(zip(lines, points, strict=True))


@given(st.integers(0, 10**6), st.integers(1, 50), st.data())
def test_returns_telescope(points: int, quantity: int, data: st.DataObject) -> None:
    steps = sorted(data.draw(st.lists(st.integers(0, quantity), max_size=6)))
    backs = [back_of(points, quantity, step) for step in steps]
    assert backs == sorted(backs)
    assert back_of(points, quantity, quantity) == points


def test_back_to_lots_last_taken_first() -> None:
    """Of 300 + 100 that were taken 200 go back: 100 and 100."""
    first, second = UUID(int=1), UUID(int=2)
    taken = [(first, 300), (second, 100)]
    assert given_back(taken, 0, 200) == [(second, 100), (first, 100)]
    assert given_back(taken, 200, 200) == [(first, 200)]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.data())
def test_what_goes_back_in_steps_goes_back_as_at_once(amounts: list[int], data: st.DataObject) -> None:
    taken = [(UUID(int=number), amount) for number, amount in enumerate(amounts)]
    left, before = dict(taken), 0
    while before < sum(amounts):
        step = data.draw(st.integers(1, sum(amounts) - before))
        parts = given_back(taken, before, step)
        assert sum(part for _lot, part in parts) == step
        for lot_id, part in parts:
            left[lot_id] -= part
            assert left[lot_id] >= 0
        before += step
        later = {lot_id for lot_id, amount in left.items() if amount < dict(taken)[lot_id]}
        assert all(left[lot_id] == 0 for lot_id in later if lot_id.int > min(one.int for one in later))
    assert not any(left.values())


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, SHARE_WHOLE), st.integers(0, 10**9))
def test_points_never_take_off_more_than_their_share(points: int, worth: int, share: int, net: int) -> None:
    most = most_off(net, share)
    assert most * SHARE_WHOLE <= net * share < (most + 1) * SHARE_WHOLE
    best = most_points(most, worth)
    assert worth_of(best, worth) <= most < worth_of(best + 1, worth)
    assert worth_of(points, worth) * 100 <= points * worth
