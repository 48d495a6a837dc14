"""Laws of crediting and of what a return takes back."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.targets.credits.first_rule import LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.credits.rules import Cells, CreditSharesInvalid, ReturnPastCredit, credit, take_back

A, B, C = (UUID(int=number) for number in (1, 2, 3))
ORDER = UUID(int=9)
nets = st.dictionaries(st.integers(1, 500), st.integers(0, 12) | st.integers(0, MAX_AMOUNT), max_size=8)


@st.composite
def shares(draw: st.DrawFn) -> dict[UUID, int]:
    step = draw(st.sampled_from([1, 1_000, 100_000]))
    cuts = draw(st.sets(st.integers(1, SHARE_WHOLE // step - 1), max_size=7))
    parts = [(b - a) * step for a, b in pairwise([0, *sorted(cuts), SHARE_WHOLE // step])]
    return dict(
        zip(draw(st.lists(st.uuids(), min_size=len(parts), max_size=len(parts), unique=True)), parts, strict=True)
    )


def by_member(cells: Cells) -> Counter[UUID]:
    sums: Counter[UUID] = Counter()
    for (_line, member), amount in cells.items():
        sums[member] += amount
    return sums


def added(cells: Cells, moved: Cells) -> Cells:
    return {key: amount + moved.get(key, 0) for key, amount in cells.items()}


@given(nets, shares(), st.uuids())
def test_an_order_is_exact_in_its_lines_and_fair_to_its_members(
    amounts: dict[int, int], split: dict[UUID, int], order: UUID
) -> None:
    cells = credit(order, amounts, split)
    assert cells.keys() == {(line, member) for line in amounts for member in split}
    for line, amount in amounts.items():
        assert sum(cells[line, member] for member in split) == amount
    total = sum(amounts.values())
    for member, share in split.items():
        assert abs(by_member(cells)[member] * SHARE_WHOLE - total * share) < SHARE_WHOLE
        assert all(abs(cells[line, member] * SHARE_WHOLE - net * share) < SHARE_WHOLE for line, net in amounts.items())


@given(nets, shares(), st.uuids(), st.data())
def test_neither_order_nor_ids_of_lines_and_members_decide(
    amounts: dict[int, int], split: dict[UUID, int], order: UUID, data: st.DataObject
) -> None:
    """Who gets what is a function of amounts and shares; only among equal shares it goes by lot."""
    cells = credit(order, amounts, split)
    shuffled = dict(data.draw(st.permutations(list(amounts.items()))))
    assert cells == credit(order, shuffled, dict(data.draw(st.permutations(list(split.items())))))

    fresh = st.lists(st.uuids(), min_size=len(split), max_size=len(split), unique=True)
    others = dict(zip(data.draw(fresh), split.values(), strict=True))
    numbers = dict(zip(amounts, data.draw(st.permutations(range(1, len(amounts) + 1))), strict=True))
    renamed = credit(order, {numbers[line]: net for line, net in amounts.items()}, others)

    def content(cells: Cells, split: dict[UUID, int], nets: dict[int, int]) -> Counter[tuple[int, int, int]]:
        return Counter((nets[line], split[member], amount) for (line, member), amount in cells.items())

    def totals(cells: Cells, split: dict[UUID, int]) -> Counter[tuple[int, int]]:
        return Counter((split[member], by_member(cells)[member]) for member in split)

    assert content(cells, split, amounts) == content(renamed, others, {numbers[line]: n for line, n in amounts.items()})
    assert totals(cells, split) == totals(renamed, others)


@pytest.mark.parametrize("split", [{A: 500_000, B: 500_000}, {A: 250_000, B: 750_000}])
def test_odd_cents_of_many_orders_go_to_nobody_in_particular(split: dict[UUID, int]) -> None:
    """Orders that leave half a cent each: one of ten would be 100 cents off."""
    amount = 1 if split[A] == split[B] else 2
    got = sum((by_member(credit(UUID(int=number), {1: amount}, split)) for number in range(1000)), Counter())
    exact = 1000 * amount * split[A] // SHARE_WHOLE
    assert abs(got[A] - exact) < 60
    assert got.total() == 1000 * amount


@given(shares(), nets, st.uuids(), st.booleans(), st.data())
def test_a_return_raises_nobody_and_leaves_nobody_below_zero(
    split: dict[UUID, int], amounts: dict[int, int], order: UUID, is_old: bool, data: st.DataObject
) -> None:
    cells = _credited_by_the_first_rule(amounts, split) if is_old else credit(order, amounts, split)
    left = dict(amounts)
    for _ in range(data.draw(st.integers(0, 5))):
        back = {
            line: data.draw(st.integers(0, min(net, 3)) | st.integers(0, net))
            for line, net in left.items()
            if data.draw(st.booleans())
        }
        moved = take_back(order, back, split, cells)
        assert moved.keys() == {(line, member) for line in back for member in split}
        assert max(moved.values(), default=0) <= 0
        cells = added(cells, moved)
        assert min(cells.values(), default=0) >= 0
        left = {line: net - back.get(line, 0) for line, net in left.items()}
        for line, net in left.items():
            assert sum(cells[line, member] for member in split) == net
    moved = take_back(order, left, split, cells)
    assert moved == {key: -amount for key, amount in cells.items()}, "a full return is exactly what stood"


def _credited_by_the_first_rule(amounts: dict[int, int], split: dict[UUID, int]) -> Cells:
    lines = [LineAmount(line, net) for line, net in amounts.items()]
    parts = split_lines(lines, [(str(member), share) for member, share in split.items()])
    return {(part.line, UUID(part.member_id)): part.amount for part in parts}


@pytest.mark.parametrize(
    ("lines", "net", "split", "expected"),
    [
        (300, 99, {A: 500_000, B: 500_000}, {A: 14_850, B: 14_850}),
        (200, 4, {A: 900_000, B: 100_000}, {A: 720, B: 80}),
    ],
)
def test_odd_cents_of_many_lines_are_spread(
    lines: int, net: int, split: dict[UUID, int], expected: dict[UUID, int]
) -> None:
    assert by_member(credit(ORDER, dict.fromkeys(range(1, lines + 1), net), split)) == expected


def test_eleven_over_three_come_back_in_two_steps() -> None:
    split = {A: 428_571, B: 428_571, C: 142_858}
    cells = credit(ORDER, {1: 11}, split)
    assert cells == {(1, A): 5, (1, B): 5, (1, C): 1}
    cells = added(cells, take_back(ORDER, {1: 10}, split, cells))
    assert sorted(cells.values()) == [0, 0, 1]
    assert cells[1, C] == 0
    assert not any(added(cells, take_back(ORDER, {1: 1}, split, cells)).values())


def test_what_the_first_rule_left_below_zero_ends_at_zero() -> None:
    split = {A: 428_571, B: 428_571, C: 142_858}
    shared = [(str(member), share) for member, share in split.items()]
    cells = _credited_by_the_first_rule({1: 11}, split)
    for part in reverse_lines([ReturnedLine(1, 0, 10)], shared):
        cells[part.line, UUID(part.member_id)] += part.amount
    assert cells == {(1, A): 1, (1, B): 1, (1, C): -1}
    assert take_back(ORDER, {1: 1}, split, cells) == {(1, A): -1, (1, B): -1, (1, C): 1}


def test_what_one_member_has_too_much_elsewhere_is_taken_first() -> None:
    split = {A: 500_000, B: 500_000}
    cells = _credited_by_the_first_rule(dict.fromkeys(range(1, 11), 3), split)
    assert by_member(cells) == {A: 20, B: 10}
    cells = added(cells, take_back(ORDER, dict.fromkeys(range(1, 11), 2), split, cells))
    assert by_member(cells) == {A: 5, B: 5}
    cells = _credited_by_the_first_rule(dict.fromkeys(range(1, 11), 3), split)
    cells = added(cells, take_back(ORDER, {1: 2, 2: 2}, split, cells))
    assert by_member(cells) == {A: 16, B: 10}, "only the returned lines move"


def test_more_than_stands_cannot_come_back() -> None:
    cells = credit(ORDER, {1: 10, 2: 10}, {A: SHARE_WHOLE})
    with pytest.raises(ReturnPastCredit):
        take_back(ORDER, {1: 11}, {A: SHARE_WHOLE}, cells)


@pytest.mark.parametrize("split", [{}, {A: 999_999}, {A: 1_000_001, B: -1}])
def test_bad_shares_are_refused(split: dict[UUID, int]) -> None:
    with pytest.raises(CreditSharesInvalid):
        credit(ORDER, {1: 1}, split)
    with pytest.raises(CreditSharesInvalid):
        take_back(ORDER, {1: 1}, split, {})


def test_an_amount_past_the_limit_names_its_line() -> None:
    with pytest.raises(ValueError, match="line 9"):
        credit(ORDER, {9: MAX_AMOUNT + 1}, {A: SHARE_WHOLE})
