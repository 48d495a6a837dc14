"""Amounts of a tree after a change: every decomposition and every table sums, what is held stays."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.decompositions.balancing import AmountTooLarge
from services.targets.decompositions.rules import DecompositionInfeasible
from services.targets.plans.settling import Margins, Node, Split, Tree, settle

MILLION = 1_000_000


def uid(number: int) -> UUID:
    return UUID(int=number)


ROOT = Node(uid(1), None, "", 12 * MILLION)
YEAR = Split(uid(2), ROOT.id, 12 * MILLION)
MONTHS = [Node(uid(100 + n), YEAR.id, f"2026-{n:02}", MILLION) for n in range(1, 13)]
FIRST_HALF = {one.id: one.amount for one in MONTHS[:6]}


def year() -> Tree:
    return Tree.of([ROOT, *MONTHS], [YEAR], [])


def months(tree: Tree, amount: int, held: dict[UUID, int] | None = None, shift: int = 0) -> list[int]:
    found = settle(tree, ROOT.id, amount, held or {}, {YEAR.id: shift})
    return [found.amounts[one.id] for one in tree.children[YEAR.id]]


def test_a_raise_from_july_is_shared_by_the_second_half() -> None:
    assert months(year(), 13_200_000) == [1_100_000] * 12
    assert months(year(), 13_200_000, FIRST_HALF) == [MILLION] * 6 + [1_200_000] * 6


def test_a_gap_that_is_carried_is_shared_too() -> None:
    tree = year()
    tree.add(Node(uid(3), YEAR.id, "balancing", 0, is_balancing=True))
    assert months(tree, 13_200_000, FIRST_HALF, -600_000) == [MILLION] * 6 + [1_300_000] * 6 + [-600_000]


def test_nothing_that_sums_is_touched() -> None:
    amounts = [5, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    nodes = [one._replace(amount=amount) for one, amount in zip(MONTHS, amounts, strict=True)]
    tree = Tree.of([ROOT._replace(amount=12), *nodes], [YEAR._replace(amount=12)], [])
    assert months(tree, 12) == amounts
    assert months(tree, 24) == [2 * amount for amount in amounts], "what is nothing stays nothing"


def test_where_all_is_nothing_all_share_alike() -> None:
    tree = Tree.of(
        [ROOT._replace(amount=0), *[one._replace(amount=0) for one in MONTHS]], [YEAR._replace(amount=0)], []
    )
    assert months(tree, 24) == [2] * 12


def test_locks_floors_and_caps_hold() -> None:
    tree = year()
    tree.add(MONTHS[11]._replace(locked=2 * MILLION))
    tree.add(MONTHS[0]._replace(cap=500_000))
    found = months(tree, 12 * MILLION)
    assert (found[0], found[11], sum(found)) == (500_000, 2 * MILLION, 12 * MILLION)
    assert set(found[1:11]) == {950_000}
    with pytest.raises(DecompositionInfeasible):
        months(tree, MILLION)
    with pytest.raises(DecompositionInfeasible):
        months(tree, 13 * MILLION, {one.id: MILLION for one in MONTHS})


def test_a_balancing_child_grows_with_its_over_assignment() -> None:
    split = Split(uid(2), ROOT.id, 1_000, over_assignment=100_000)
    children = [Node(uid(4), split.id, "a", 550), Node(uid(5), split.id, "b", 550)]
    rest = Node(uid(6), split.id, "balancing", -100, is_balancing=True)
    tree = Tree.of([ROOT._replace(amount=1_000), *children, rest], [split], [])
    found = settle(tree, ROOT.id, 2_000, {}).amounts
    assert [found[uid(n)] for n in (4, 5, 6)] == [1_100, 1_100, -200]
    with pytest.raises(AmountTooLarge):
        settle(tree, ROOT.id, 10**13, {})


def test_a_table_is_fitted_to_its_new_margins() -> None:
    rows, columns = Split(uid(2), ROOT.id, 100), Split(uid(3), ROOT.id, 100)
    sides = [Node(uid(10 + n), rows.id, key, 50) for n, key in enumerate("ab")]
    sides += [Node(uid(20 + n), columns.id, key, 50) for n, key in enumerate("xy")]
    table = uid(4)
    below = [Split(uid(30 + n), uid(10 + n), 50, table_id=table) for n in range(2)]
    across = [Split(uid(40 + n), uid(20 + n), 50, table_id=table) for n in range(2)]
    cells = [
        Node(uid(50 + 2 * r + c), uid(30 + r), key, 30 if r == c else 20, cross_id=uid(40 + c), cross_key="ab"[r])
        for r in range(2)
        for c, key in enumerate("xy")
    ]
    splits = [rows, columns, *below, *across]
    tree = Tree.of([ROOT._replace(amount=100), *sides, *cells], splits, [Margins(table, ROOT.id, rows.id, columns.id)])
    found = settle(tree, ROOT.id, 201, {uid(50): 40}).amounts
    amounts = {one.id: found[one.id] for one in cells}
    assert amounts[uid(50)] == 40
    for n in range(2):
        assert sum(amounts[uid(50 + 2 * n + c)] for c in range(2)) == found[uid(10 + n)]
        assert sum(amounts[uid(50 + 2 * r + n)] for r in range(2)) == found[uid(20 + n)]
    assert found[uid(10)] + found[uid(11)] == found[uid(20)] + found[uid(21)] == 201


@given(
    st.lists(st.lists(st.integers(0, 10**9), min_size=1, max_size=4), min_size=1, max_size=5),
    st.integers(0, 10**10),
    st.integers(0, 10**6),
)
def test_every_level_sums_and_what_is_held_stays(leaves: list[list[int]], amount: int, held: int) -> None:
    root = ROOT._replace(amount=sum(map(sum, leaves)))
    top = Split(uid(2), root.id, root.amount)
    nodes, splits = [root], [top]
    for n, parts in enumerate(leaves):
        nodes.append(Node(uid(100 + n), top.id, str(n), sum(parts)))
        splits.append(Split(uid(200 + n), uid(100 + n), sum(parts)))
        nodes += [Node(uid(1_000 + 10 * n + at), uid(200 + n), str(at), part) for at, part in enumerate(parts)]
    tree = Tree.of(nodes, splits, [])
    kept = {uid(1_000): min(held, leaves[0][0])}
    try:
        found = settle(tree, root.id, amount, kept).amounts
    except DecompositionInfeasible:
        return
    assert found[uid(1_000)] == kept[uid(1_000)]
    for split in splits:
        assert sum(found[one.id] for one in tree.children[split.id]) == found[split.target_id]
