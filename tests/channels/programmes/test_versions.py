"""Which version of a programme an order counts in, and what the versions come to together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.programmes.rules import (
    RATE_WHOLE,
    Layer,
    PlanKind,
    RevisionInvalid,
    TierPlan,
    check_revision,
    layered,
    layered_slices,
    plan_of,
    rebate,
    version_of,
)

FIRST, SECOND = (
    plan_of(PlanKind.MARGINAL, [(0, 10_000), (10_000_000, 20_000)]),
    plan_of(PlanKind.MARGINAL, [(0, 15_000), (10_000_000, 30_000)]),
)
PLANS = [
    FIRST,
    SECOND,
    plan_of(PlanKind.RETROACTIVE, [(0, 10_000), (5_000, 50_000)]),
    plan_of(PlanKind.FLAT, [(0, 18_000)]),
    plan_of(PlanKind.LUMP, [(0, 0), (4_000, 0)], [0, 777]),
    plan_of(PlanKind.MIX, [(250_000, 10_000), (500_000, 20_000)]),
]


def test_the_rates_change_in_mid_period() -> None:
    """80,000 in January, 50,000 on 20 Feb, late 40,000 of January: 800.00, 1,200.00, 900.00: 2,900.00
    in all; with a frozen opening it would be 2,600.00."""
    steps = [(8_000_000, 0), (8_000_000, 5_000_000), (12_000_000, 5_000_000)]
    stands = [layered([Layer(FIRST, old), Layer(SECOND, new)]) for old, new in steps]
    assert [after - before for before, after in zip([0, *stands], stands, strict=False)] == [80_000, 120_000, 90_000]
    frozen = rebate(FIRST, 12_000_000) + rebate(SECOND, 13_000_000) - rebate(SECOND, 8_000_000)
    assert (stands[-1], frozen) == (290_000, 260_000)


def test_one_version_is_its_plan_alone() -> None:
    assert layered([Layer(FIRST, 12_345_678)]) == rebate(FIRST, 12_345_678)
    assert layered([Layer(FIRST, 12_345_678), Layer(SECOND, 0)]) == rebate(FIRST, 12_345_678)
    assert layered([Layer(FIRST, 0), Layer(SECOND, 12_345_678)]) == rebate(SECOND, 12_345_678)


MOVES = st.lists(st.tuples(st.integers(0, 2), st.integers(-6_000, 20_000)), max_size=8)


@given(plans=st.lists(st.sampled_from(PLANS), min_size=3, max_size=3), moves=MOVES, data=st.data())
def test_moves_come_to_the_same_in_any_order(
    plans: list[TierPlan], moves: list[tuple[int, int]], data: st.DataObject
) -> None:
    def play(some: list[tuple[int, int]]) -> int:
        stack = [Layer(plan, 0) for plan in plans]
        total = 0
        for number, volume in some:
            after = list(stack)
            after[number] = stack[number]._replace(
                volume=stack[number].volume + volume, focus=stack[number].focus + volume // 3
            )
            total += layered(after) - layered(stack)
            if not any(layer.plan.kind is PlanKind.LUMP for layer in stack):
                parts = layered_slices(stack, number, volume, volume // 3)
                exact = sum((part.end - part.start) * part.rate for part in parts) / RATE_WHOLE
                assert abs(exact - (layered(after) - layered(stack))) <= len(stack) * 2
            stack = after
        assert total == layered(stack)
        return total

    assert play(moves) == play(data.draw(st.permutations(moves)))


@dataclass(frozen=True)
class Version:
    valid_from: date
    published_at: datetime
    catch_up: bool = False
    valid_to: date = date(2026, 12, 31)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


ONE = Version(date(2026, 1, 1), at(1, 10))
TWO = Version(date(2026, 2, 15), at(2, 10))


@pytest.mark.parametrize(
    ("day", "confirmed", "found"),
    [
        (date(2026, 2, 14), at(3, 1), ONE),
        (date(2026, 2, 15), at(3, 1), TWO),
        (date(2026, 2, 20), at(2, 9), ONE),
        (date(2026, 1, 5), at(1, 9), None),
        (date(2026, 12, 31), at(3, 1), TWO),
        (date(2027, 1, 1), at(3, 1), None),
        (date(2025, 12, 31), at(3, 1), None),
    ],
)
def test_the_version_of_an_order(day: date, confirmed: datetime, found: Version | None) -> None:
    """A version that is published later moves nothing; of those that were there the latest that has begun counts."""
    assert version_of([ONE, TWO], day, confirmed) == found
    later = Version(date(2026, 3, 1), at(11, 1), catch_up=True)
    if found is not None:
        assert version_of([ONE, TWO, later], day, confirmed) == found


def test_what_came_before_every_version_counts_in_the_first_that_catches_up() -> None:
    two = Version(TWO.valid_from, TWO.published_at, catch_up=True)
    three = Version(date(2026, 2, 16), at(3, 1), catch_up=True)
    assert version_of([ONE, two, three], date(2026, 2, 20), at(1, 1)) == two
    assert version_of([ONE, two, three], date(2026, 2, 14), at(1, 1)) is None


@pytest.mark.parametrize(("start", "fields"), [("2026-01-01", ["/valid_from"]), ("2027-01-01", ["/valid_from"])])
def test_a_next_version_begins_later_within_the_days(start: str, fields: list[str]) -> None:
    days = date(2026, 1, 1), date.fromisoformat(start), date(2026, 12, 31)
    with pytest.raises(RevisionInvalid) as caught:
        check_revision({"kind": True, "period": False}, *days)
    assert [one.pointer for one in caught.value.errors] == ["/period", *fields]
    check_revision({"kind": True}, date(2026, 1, 1), date(2026, 1, 2), date(2026, 12, 31))
    check_revision({"kind": True}, date(2026, 1, 1), date(2026, 12, 31), date(2026, 12, 31))
