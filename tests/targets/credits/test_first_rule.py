"""Laws of the first rule of crediting and its reversal."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.targets.credits.first_rule import (
    CreditAmount,
    LineAmount,
    ReturnedLine,
    reverse_lines,
    split_lines,
)
from services.targets.credits.rules import CreditSharesInvalid

amounts = st.integers(0, MAX_AMOUNT)


@st.composite
def shares(draw: st.DrawFn) -> list[tuple[str, int]]:
    cuts = sorted(draw(st.sets(st.integers(1, SHARE_WHOLE - 1), max_size=5)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, SHARE_WHOLE], strict=True)]
    return draw(st.permutations([(f"m{index}", part) for index, part in enumerate(parts)]))


def ledger(*entries: list[CreditAmount]) -> Counter[tuple[int, str]]:
    total: Counter[tuple[int, str]] = Counter()
    for credits in entries:
        for credit in credits:
            total[credit.line, credit.member_id] += credit.amount
    return total


@given(st.lists(amounts, max_size=5), shares())
def test_each_line_is_credited_in_full(nets: list[int], split: list[tuple[str, int]]) -> None:
    lines = [LineAmount(number, net) for number, net in enumerate(nets)]
    credits = split_lines(lines, split)
    assert len(credits) == len(lines) * len(split)
    for line in lines:
        assert sum(credit.amount for credit in credits if credit.line == line.line) == line.amount
    assert credits == split_lines(lines, sorted(split, reverse=True))
    for credit in credits:
        exact = lines[credit.line].amount * dict(split)[credit.member_id]
        assert abs(credit.amount * SHARE_WHOLE - exact) < SHARE_WHOLE


@given(amounts, shares(), st.data())
def test_any_steps_to_a_full_return_cancel_every_member(
    net: int, split: list[tuple[str, int]], data: st.DataObject
) -> None:
    stops = [*sorted(data.draw(st.lists(st.integers(0, net), max_size=5))), net]
    entries = [split_lines([LineAmount(1, net)], split)]
    before = 0
    for after in stops:
        reversal = reverse_lines([ReturnedLine(1, before, after)], split)
        assert sum(credit.amount for credit in reversal) == before - after
        entries.append(reversal)
        before = after
    assert set(ledger(*entries).values()) == {0}


def test_sixty_forty_of_an_odd_amount_and_one_of_three_returned() -> None:
    split = [("rep-b", 400_000), ("rep-a", 600_000)]
    assert split_lines([LineAmount(1, 101)], split) == [CreditAmount(1, "rep-a", 61), CreditAmount(1, "rep-b", 40)]
    first = reverse_lines([ReturnedLine(1, 0, 34)], split)
    rest = reverse_lines([ReturnedLine(1, 34, 101)], split)
    assert [credit.amount for credit in first] == [-20, -14]
    assert [credit.amount for credit in rest] == [-41, -26]


def test_ties_go_to_the_smaller_member() -> None:
    credits = split_lines([LineAmount(1, 1)], [("b", 500_000), ("a", 500_000)])
    assert [(credit.member_id, credit.amount) for credit in credits] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize("split", [[], [("a", 999_999)], [("a", 500_000)] * 2, [("a", 1_000_001), ("b", -1)]])
def test_bad_shares_are_refused(split: list[tuple[str, int]]) -> None:
    with pytest.raises(CreditSharesInvalid):
        split_lines([LineAmount(1, 1)], split)


def test_an_amount_past_the_limit_names_its_line() -> None:
    with pytest.raises(ValueError, match="line 9"):
        split_lines([LineAmount(9, MAX_AMOUNT + 1)], [("a", SHARE_WHOLE)])
