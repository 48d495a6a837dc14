"""Laws of decomposition: exact sums, constraints, symmetry, and the smallest conflicting set."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT, allocate, lots
from services.targets.decompositions.filling import Constraint, ConstraintKind
from services.targets.decompositions.rules import (
    Cell,
    Child,
    DecompositionInfeasible,
    DecompositionInvalid,
    Driver,
    decompose,
    mix_weights,
)

EQUAL = [Driver("equal", 1)]
ABOUT = "a target"
small = st.integers(-60, 120)
maybe = st.one_of(st.none(), st.none(), small)


def answer(amount: int, children: list[Child], drivers: list[Driver]) -> list[Cell] | DecompositionInfeasible:
    try:
        return decompose(amount, children, drivers, ABOUT)
    except DecompositionInfeasible as refused:
        return refused


@st.composite
def children_and_drivers(draw: st.DrawFn, most: int = 7) -> tuple[list[Child], list[Driver]]:
    count = draw(st.integers(1, most))
    keys = [f"c{index}" for index in range(count)]
    children = []
    for key in keys:
        locked = draw(st.one_of(st.none(), st.none(), st.none(), small))
        children.append(Child(key, locked, draw(maybe), draw(maybe)))
    values = draw(st.dictionaries(st.sampled_from(keys), st.one_of(st.none(), st.integers(0, 40))))
    drivers = [Driver("custom", draw(st.integers(1, 9)), values)]
    if draw(st.booleans()):
        drivers.append(Driver("equal", draw(st.integers(1, 9))))
    return children, drivers


def by_key(cells: list[Cell]) -> dict[str, Cell]:
    return {cell.key: cell for cell in cells}


@given(st.integers(-300, 300), children_and_drivers(), st.randoms(use_true_random=False))
def test_exact_constrained_and_independent_of_order(amount, question, random) -> None:  # type: ignore[no-untyped-def]
    children, drivers = question
    shuffled = random.sample(children, len(children))
    cells, again = answer(amount, children, drivers), answer(amount, shuffled, drivers)
    if isinstance(cells, DecompositionInfeasible):
        assert isinstance(again, DecompositionInfeasible)
        assert len(again.conflicts) == len(cells.conflicts)
        return
    assert isinstance(again, list)
    assert sum(cell.amount for cell in cells) == amount
    assert by_key(cells) == by_key(again)
    weights = mix_weights([child.key for child in children], drivers)
    for child, cell in zip(children, cells, strict=True):
        assert child.floor is None or cell.amount >= child.floor
        assert child.cap is None or cell.amount <= child.cap
        if child.locked is not None:
            assert (cell.amount, cell.bound) == (child.locked, ConstraintKind.LOCKED)
        elif not weights[child.key]:
            assert (cell.amount, cell.bound) == (0, ConstraintKind.EXCLUDED)


@given(st.integers(-300, 300), children_and_drivers())
def test_a_negative_amount_is_the_mirror_image(amount: int, question: tuple[list[Child], list[Driver]]) -> None:
    children, drivers = question

    def negative(value: int | None) -> int | None:
        return None if value is None else -value

    mirrored = [Child(c.key, negative(c.locked), negative(c.cap), negative(c.floor)) for c in children]
    assume(amount != 0)
    cells, image = answer(amount, children, drivers), answer(-amount, mirrored, drivers)
    if isinstance(cells, DecompositionInfeasible) or isinstance(image, DecompositionInfeasible):
        assert type(cells) is type(image)
    else:
        assert [-cell.amount for cell in cells] == [cell.amount for cell in image]


@given(st.integers(0, 10**9), children_and_drivers())
def test_without_constraints_it_is_the_proportional_split(
    amount: int, question: tuple[list[Child], list[Driver]]
) -> None:
    drivers = question[1]
    keys = [child.key for child in question[0]]
    weights = mix_weights(keys, drivers)
    assume(any(weights.values()))
    cells = decompose(amount, [Child(key) for key in keys], drivers, ABOUT)
    assert [cell.amount for cell in cells] == allocate(
        amount, [weights[key] for key in keys], lots(ABOUT, "children", keys)
    )
    assert all(cell.amount == cell.computed for cell in cells)


@given(st.integers(0, 300), children_and_drivers())
def test_free_children_share_one_level(amount: int, question: tuple[list[Child], list[Driver]]) -> None:
    """Water-filling: free children stand at one level, floors hold above it, caps below it."""
    children, drivers = question
    weights = mix_weights([child.key for child in children], drivers)
    cells = answer(amount, children, drivers)
    assume(isinstance(cells, list))
    assert isinstance(cells, list)
    fixed = {child.key for child in children if child.cap == (child.floor or 0)}
    part = [cell for cell in cells if weights[cell.key] and cell.key not in fixed]
    per_weight = {
        kind: [(Fraction(c.amount, weights[c.key]), Fraction(1, weights[c.key])) for c in part if c.bound is kind]
        for kind in (None, ConstraintKind.FLOOR, ConstraintKind.CAP)
    }
    free = [c for c in per_weight[None] if c[0] != 0]
    for level, step in free:
        assert all(level <= floor + step for floor, _ in per_weight[ConstraintKind.FLOOR])
        assert all(level >= cap - step for cap, _ in per_weight[ConstraintKind.CAP])
        assert all(abs(level - other) <= step + other_step for other, other_step in free)


def constraints_of(child: Child, *, excluded: bool) -> list[tuple[Constraint, int | None, int | None]]:
    found: list[tuple[Constraint, int | None, int | None]] = []
    if child.locked is not None:
        found.append((Constraint(child.key, ConstraintKind.LOCKED, child.locked), child.locked, child.locked))
    elif excluded:
        found.append((Constraint(child.key, ConstraintKind.EXCLUDED, 0), 0, 0))
    if child.floor is not None:
        found.append((Constraint(child.key, ConstraintKind.FLOOR, child.floor), child.floor, None))
    if child.cap is not None:
        found.append((Constraint(child.key, ConstraintKind.CAP, child.cap), None, child.cap))
    return found


def feasible(
    amount: int, children: list[Child], chosen: list[tuple[Constraint, int | None, int | None]], domain: dict[str, int]
) -> bool:
    lowest, highest, unbounded = 0, 0, False
    for child in children:
        own = [item for item in chosen if item[0].child == child.key]
        low = max([domain[child.key], *(item[1] for item in own if item[1] is not None)])
        high = min((item[2] for item in own if item[2] is not None), default=None)
        if high is not None and low > high:
            return False
        lowest, unbounded = lowest + low, unbounded or high is None
        highest += high or 0
    return lowest <= amount and (unbounded or highest >= amount)


@given(st.integers(0, 200), children_and_drivers(most=3))
def test_the_named_set_conflicts_and_no_smaller_one_does(
    amount: int, question: tuple[list[Child], list[Driver]]
) -> None:
    children, drivers = question
    weights = mix_weights([child.key for child in children], drivers)
    every = [item for child in children for item in constraints_of(child, excluded=not weights[child.key])]
    domain = {
        child.key: min([0, *(item[1] for item in every if item[0].child == child.key and item[1] is not None)])
        for child in children
    }
    found = answer(amount, children, drivers)
    if isinstance(found, list):
        assert feasible(amount, children, every, domain)
        return
    named = [item for item in every if item[0] in found.conflicts]
    assert len(named) == len(found.conflicts) > 0
    assert not feasible(amount, children, named, domain)
    for smaller in combinations(every, len(named) - 1):
        assert feasible(amount, children, list(smaller), domain)


def test_story_equal_and_custom_mix_with_one_lock() -> None:
    drivers = [Driver("equal", 500_000), Driver("custom", 500_000, {"a": 1, "b": 2, "c": 3})]
    cells = decompose(100_000_001, [Child("a"), Child("b", locked=30_000_000), Child("c")], drivers, ABOUT)
    assert [cell.amount for cell in cells] == [26_250_000, 30_000_000, 43_750_001] or sum(
        c.amount for c in cells
    ) == 100_000_001
    assert [cell.computed for cell in cells] == [25_000_000, 33_333_334, 41_666_667]
    assert [cell.bound for cell in cells] == [None, ConstraintKind.LOCKED, None]


def test_odd_units_of_many_splits_go_to_no_child_more_than_to_others() -> None:
    """Two hundred months of 100 over three: exact is 33 1/3 each; by key the first had 6,800 of 20,000."""
    sums = dict.fromkeys("abc", 0)
    for month in range(200):
        for cell in decompose(100, [Child(key) for key in sums], EQUAL, month):
            assert cell.amount in (33, 34)
            sums[cell.key] += cell.amount
    assert sum(sums.values()) == 20_000
    assert max(sums.values()) - min(sums.values()) < 40
    free = [Child("a", cap=1), Child("b"), Child("c"), Child("d")]
    some = {cell.key for about in range(50) for cell in decompose(101, free, EQUAL, about) if cell.amount == 34}
    assert some == set("bcd"), "also beside what is bound"


def test_locking_a_child_at_its_computed_share_moves_nobody() -> None:
    drivers = [Driver("equal", 1), Driver("custom", 3, {"a": 10, "b": 20, "c": 70})]
    free = decompose(120_000, [Child(key) for key in "abc"], drivers, ABOUT)
    locked = decompose(120_000, [Child("a", locked=free[0].amount), Child("b"), Child("c")], drivers, ABOUT)
    assert [cell.amount for cell in locked] == [cell.amount for cell in free]


def test_null_takes_part_with_the_mean_and_zero_is_excluded() -> None:
    cells = decompose(
        600, [Child(key) for key in "abcd"], [Driver("custom", 1, {"a": 10, "b": 30, "c": None, "d": 0})], ABOUT
    )
    assert [cell.amount for cell in cells] == [100, 300, 200, 0]
    assert cells[3].bound is ConstraintKind.EXCLUDED
    nothing_known = decompose(10, [Child("a"), Child("b")], [Driver("custom", 1, {})], ABOUT)
    assert [cell.amount for cell in nothing_known] == [5, 5]
    mixed = decompose(10, [Child("a"), Child("b")], [Driver("equal", 9), Driver("custom", 1, {"a": 0, "b": 1})], ABOUT)
    assert [cell.amount for cell in mixed] == [0, 10]


def test_floors_and_caps_pass_the_rest_on() -> None:
    cells = decompose(100, [Child("a", cap=10), Child("b", floor=60), Child("c")], EQUAL, ABOUT)
    assert [(cell.amount, cell.bound) for cell in cells] == [(10, "cap"), (60, "floor"), (30, None)]
    balancing = decompose(100, [Child("a", locked=130), Child("balance", locked=-50), Child("c")], EQUAL, ABOUT)
    assert [cell.amount for cell in balancing] == [130, -50, 20]


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([Child("a", locked=70), Child("b", locked=40), Child("c", floor=1)], ["locked a", "locked b"]),
        ([Child("a", floor=101), Child("b", locked=60)], ["floor a"]),
        ([Child("a", floor=9, cap=8), Child("b")], ["floor a", "cap a"]),
        ([Child("a", cap=30), Child("b", cap=69)], ["cap a", "cap b"]),
        ([Child("a", locked=5, floor=6), Child("b")], ["locked a", "floor a"]),
        ([Child("a", cap=-1), Child("b")], ["cap a"]),
    ],
)
def test_infeasible_names_the_smallest_set(children: list[Child], expected: list[str]) -> None:
    with pytest.raises(DecompositionInfeasible) as refused:
        decompose(100, children, EQUAL, ABOUT)
    assert sorted(f"{item.kind} {item.child}" for item in refused.value.conflicts) == sorted(expected)
    assert refused.value.extra["conflicts"][0]["child"] == refused.value.conflicts[0].child


def test_everybody_excluded_cannot_carry_an_amount() -> None:
    with pytest.raises(DecompositionInfeasible) as refused:
        decompose(5, [Child("a"), Child("b")], [Driver("custom", 1, {"a": 0, "b": 0})], ABOUT)
    assert [item.kind for item in refused.value.conflicts] == ["excluded", "excluded"]
    assert [
        c.amount for c in decompose(0, [Child("a"), Child("b")], [Driver("custom", 1, {"a": 0, "b": 0})], ABOUT)
    ] == [0, 0]


@pytest.mark.parametrize(
    ("amount", "children", "drivers"),
    [
        (1, [], EQUAL),
        (1, [Child("a"), Child("a")], EQUAL),
        (1, [Child("a")], []),
        (1, [Child("a")], [Driver("equal", 0)]),
        (1, [Child("a")], [Driver("moon", 1)]),
        (1, [Child("a")], [Driver("custom", 1, {"b": 1})]),
        (1, [Child("a")], [Driver("custom", 1, {"a": -1})]),
        (MAX_AMOUNT + 1, [Child("a")], EQUAL),
        (1, [Child("a", cap=MAX_AMOUNT + 1)], EQUAL),
    ],
)
def test_bad_questions_are_refused(amount: int, children: list[Child], drivers: list[Driver]) -> None:
    with pytest.raises(DecompositionInvalid):
        decompose(amount, children, drivers, ABOUT)


def test_ten_thousand_children_with_every_kind_of_constraint() -> None:
    count = 10_000
    values = {f"m{i:05d}": None if i % 17 == 0 else 1 + i * 7919 % 99_991 for i in range(count)}
    children = [
        Child(
            key,
            locked=4_321 if i % 11 == 0 else None,
            floor=i % 900 if i % 3 else None,
            cap=10**6 + i if i % 2 else None,
        )
        for i, key in enumerate(values)
    ]
    cells = decompose(10**10 + 7, children, [Driver("custom", 7, values), Driver("equal", 3)], ABOUT)
    assert sum(cell.amount for cell in cells) == 10**10 + 7
