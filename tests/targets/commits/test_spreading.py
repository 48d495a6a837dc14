"""Commits as locks: the numbers of the requirement, and the laws of what is shared out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.targets.commits.spreading import Spread, drivers_of, spread
from services.targets.decompositions.balancing import (
    AmountTooLarge,
    OverAssignment,
    assigned,
    check_share,
    check_total,
    free_key,
)
from services.targets.decompositions.rules import Child, DecompositionInfeasible, Driver, DriversUnknown

EQUAL = [Driver("equal", 1)]
TENTH = 100_000


def shared(amount: int, locks: dict[str, int | None], most: int = 0, over: int = 0) -> Spread:
    return spread(amount, over, most, [Child(key, lock) for key, lock in locks.items()], EQUAL, "a target")


def amounts(found: Spread) -> list[int]:
    return [cell.amount for cell in found.cells]


def test_the_drivers_share_what_the_commits_leave() -> None:
    children = [Child("a", 300_000), Child("b"), Child("c", 250_000), Child("d")]
    for weights, rest in (((1, 1), [225_000, 225_000]), ((2, 1), [300_000, 150_000]), ((1, 6), [64_286, 385_714])):
        drivers = [Driver("custom", 1, {"a": 5, "b": weights[0], "c": 5, "d": weights[1]})]
        found = spread(1_000_000, 0, 0, children, drivers, "a target")
        assert (amounts(found), found.total) == ([300_000, rest[0], 250_000, rest[1]], 1_000_000)
        back = spread(1_000_000, 0, 0, children[::-1], drivers, "a target")
        assert amounts(back)[::-1] == amounts(found)


def test_all_committed_is_short_by_any_and_over_by_as_much_as_the_policy_allows() -> None:
    assert shared(1_000_000, {"a": 300_000, "b": 250_000}).total == 550_000
    assert shared(1_000_000, {"a": 580_000, "b": 500_000}, TENTH).total == 1_080_000
    assert shared(1_000_000, {"a": 600_000, "b": 500_000}, TENTH).total == 1_100_000
    with pytest.raises(OverAssignment) as refused:
        shared(1_000_000, {"a": 600_001, "b": 500_000}, TENTH)
    assert refused.value.extra == {"amount": 1_000_000, "assigned": 1_100_001, "over_assignment_max": TENTH}
    assert shared(-1_000, {"a": -600, "b": -500}, TENTH).total == -1_100, "the mirror image"
    assert shared(-1_000, {"a": 5, "b": -500}).total == -495
    with pytest.raises(OverAssignment):
        shared(-1_000, {"a": -601, "b": -500}, TENTH)
    with pytest.raises(OverAssignment):
        shared(0, {"a": 1}, 1_000_000)


def test_commits_beyond_the_amount_leave_nothing_to_the_rest() -> None:
    found = shared(1_000, {"a": 700, "b": 350, "c": None}, TENTH)
    assert (amounts(found), found.total) == ([700, 350, 0], 1_050)
    with pytest.raises(OverAssignment):
        shared(1_000, {"a": 700, "b": 350, "c": None})


def test_a_planned_over_assignment_stays() -> None:
    found = shared(1_000, {"a": 600, "b": None, "c": None}, TENTH, over=TENTH)
    assert (amounts(found), found.total) == ([600, 250, 250], 1_100)


def test_caps_of_the_rest_are_named() -> None:
    with pytest.raises(DecompositionInfeasible) as refused:
        spread(1_000, 0, 0, [Child("a", 300), Child("b", cap=400)], EQUAL, "a target")
    assert {(one.child, one.kind) for one in refused.value.conflicts} == {("a", "locked"), ("b", "cap")}


def test_what_is_excluded_takes_part_in_no_rest() -> None:
    found = spread(1_000, 0, 0, [Child("a", 300), Child("b")], [Driver("custom", 1, {"a": 1, "b": 0})], "a target")
    assert (amounts(found), found.total) == ([300, 0], 300)


def test_no_amount_passes_the_largest() -> None:
    with pytest.raises(AmountTooLarge):
        shared(MAX_AMOUNT, {"a": MAX_AMOUNT, "b": 1}, 1_000_000)
    with pytest.raises(AmountTooLarge):
        shared(MAX_AMOUNT, {"a": -1})
    with pytest.raises(AmountTooLarge):
        shared(MAX_AMOUNT, {"a": -1, "b": None})


def test_drivers_are_those_that_were_kept() -> None:
    drivers = drivers_of([600_000, 400_000], {"a": (4_200, None), "b": (2_800, 50)})
    assert [(one.share, one.values) for one in drivers] == [
        (600_000, {"a": 4_200, "b": 2_800}),
        (400_000, {"a": None, "b": 50}),
    ]
    for row in (None, (1, 2)):
        with pytest.raises(DriversUnknown):
            drivers_of([1], {"a": (1,), "b": row})


def test_over_assignment_of_a_policy() -> None:
    assert [assigned(amount, 80_000) for amount in (1_000_000, -1_000_000, 0, 13)] == [1_080_000, -1_080_000, 0, 14]
    check_share(TENTH, TENTH)
    with pytest.raises(OverAssignment):
        check_share(TENTH + 1, TENTH)
    check_total(-10, -11, TENTH)
    check_total(10, -99, 0)
    assert free_key({"a", "balancing", "~balancing"}) == "~~balancing"


@given(
    amount=st.integers(-(10**7), 10**7),
    most=st.integers(0, 1_000_000),
    given_=st.lists(st.tuples(st.none() | st.integers(-(10**4), 10**7), st.integers(1, 9)), min_size=1, max_size=6),
    turn=st.randoms(use_true_random=False),
)
def test_locks_hold_and_the_rest_is_in_proportion(
    amount: int, most: int, given_: list[tuple[int | None, int]], turn: object
) -> None:
    children = [Child(f"k{at}", lock) for at, (lock, _) in enumerate(given_)]
    drivers = [Driver("custom", 1, {f"k{at}": weight for at, (_, weight) in enumerate(given_)})]
    locked = sum(lock for lock, _ in given_ if lock is not None)
    free = sum(weight for lock, weight in given_ if lock is None)
    passed = (amount - locked) if amount < 0 else (locked - amount)
    try:
        found = spread(amount, 0, most, children, drivers, "a target")
    except OverAssignment:
        assert passed > 0
        assert Fraction(passed) > Fraction(abs(amount) * most, 1_000_000) - 1
        return
    assert found.total == sum(amounts(found))
    if passed <= 0 and free:
        assert found.total == amount
    else:
        assert found.total == locked, "the rest gets nothing"
    for (lock, weight), cell in zip(given_, found.cells, strict=True):
        if lock is not None:
            assert cell.amount == lock
        else:
            assert abs(cell.amount - Fraction((found.total - locked) * weight, free)) < 1
    mixed = list(children)
    turn.shuffle(mixed)  # type: ignore[attr-defined]
    again = spread(amount, 0, most, mixed, drivers, "a target")
    assert {one.key: one.amount for one in again.cells} == {one.key: one.amount for one in found.cells}
