"""Pure rules of a tree whose amounts change: whatever is set, every decomposition and every table sums.

From the top down, each decomposition shares the amount of its target among its children in proportion to what they
were; what is held or locked stays, floors and caps hold, and a balancing child keeps what it holds. Nothing that sums
already is touched. A table is fitted anew to its margins, with its cells as the seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from services.targets.decompositions.balancing import beyond, check_amounts
from services.targets.decompositions.rules import Child, Driver, decompose
from services.targets.two_way.rules import CellLimits, Part, Place, Question
from services.targets.two_way.solving import solve


class Node(NamedTuple):
    """A target: the decomposition that it is a child of, its key there, and its limits; of a cell also those of its
    column. `weight` is its share where it is not the amount."""

    id: UUID
    decomposition_id: UUID | None
    key: str
    amount: int
    locked: int | None = None
    floor: int | None = None
    cap: int | None = None
    is_balancing: bool = False
    cross_id: UUID | None = None
    cross_key: str | None = None
    weight: int | None = None


class Split(NamedTuple):
    """A decomposition as it sums now; `table_id` when its children are cells."""

    id: UUID
    target_id: UUID
    amount: int
    over_assignment: int = 0
    table_id: UUID | None = None


class Margins(NamedTuple):
    """A table of a target: the decompositions whose children are its rows and its columns."""

    id: UUID
    target_id: UUID
    row_id: UUID
    column_id: UUID


class Shared(NamedTuple):
    """What a child became: without limits, and what decided it."""

    computed: int
    bound: str | None


@dataclass(slots=True)
class Tree:
    """Targets, their decompositions and their tables, by what they belong to."""

    nodes: dict[UUID, Node] = field(default_factory=dict)
    splits: dict[UUID, list[Split]] = field(default_factory=lambda: defaultdict(list))
    tables: dict[UUID, list[Margins]] = field(default_factory=lambda: defaultdict(list))
    children: dict[UUID, list[Node]] = field(default_factory=lambda: defaultdict(list))
    of_table: dict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, nodes: Sequence[Node], splits: Sequence[Split], tables: Sequence[Margins]) -> Tree:
        """The tree of these rows."""
        tree = cls()
        for node in nodes:
            tree.add(node)
        for split in splits:
            tree.splits[split.target_id].append(split)
            if split.table_id is not None:
                tree.of_table[split.table_id].append(split.id)
        for table in tables:
            tree.tables[table.target_id].append(table)
        return tree

    def add(self, node: Node) -> None:
        """Put a target in, or in the place of what it was."""
        siblings = self.children[node.decomposition_id] if node.decomposition_id else []
        before = self.nodes.get(node.id)
        if before is not None and before in siblings:
            siblings[siblings.index(before)] = node
        else:
            siblings.append(node)
        self.nodes[node.id] = node


@dataclass(slots=True)
class Settled:
    """Amounts by target, and how those that were shared out came about."""

    amounts: dict[UUID, int]
    shared: dict[UUID, Shared] = field(default_factory=dict)


def settle(
    tree: Tree, top: UUID, amount: int, held: Mapping[UUID, int], shifts: Mapping[UUID, int] | None = None
) -> Settled:
    """The amounts of all below a target that is to be `amount`. `held` are amounts that stay whatever their limits;
    `shifts` by decomposition are what its balancing child holds more.

    Raises DecompositionInfeasible, TableInfeasible, AmountTooLarge.
    """
    found = Settled({top: amount})
    waiting = [top]
    while waiting:
        at = waiting.pop()
        for split in tree.splits.get(at, ()):
            if split.table_id is None:
                _share(tree, split, found, held, (shifts or {}).get(split.id, 0))
                waiting += [child.id for child in tree.children[split.id]]
        for table in tree.tables.get(at, ()):
            waiting += _refit(tree, table, found, held)
    return found


def _share(tree: Tree, split: Split, found: Settled, held: Mapping[UUID, int], shift: int) -> None:
    total, children = found.amounts[split.target_id], tree.children[split.id]
    is_settled = all(held.get(one.id, _set(one)) == one.amount for one in children)
    if not shift and is_settled and total == sum(one.amount for one in children):
        found.amounts |= {one.id: one.amount for one in children}
        return
    owned = [one for one in children if not one.is_balancing]
    rest = total
    for one in children:
        if one.is_balancing:
            more = beyond(total, split.over_assignment) - beyond(split.amount, split.over_assignment) + shift
            found.amounts[one.id] = one.amount + more
            rest -= one.amount + more
    check_amounts([rest, total - rest])
    asked = [_asked(one, held) for one in owned]
    is_free = [one.locked is None for one in asked]
    parts = [abs(one.amount if one.weight is None else one.weight) for one in owned]
    is_empty = not any(part for part, free in zip(parts, is_free, strict=True) if free)
    weights = {
        one.key: 1 if is_empty or (not free and not part) else part
        for one, part, free in zip(owned, parts, is_free, strict=True)
    }
    cells = decompose(rest, asked, [Driver("custom", 1, weights)], split.target_id)
    check_amounts([cell.amount for cell in cells])
    for one, cell in zip(owned, cells, strict=True):
        found.amounts[one.id] = cell.amount
        found.shared[one.id] = Shared(cell.computed, cell.bound)


def _set(node: Node) -> int:
    return node.amount if node.locked is None else node.locked


def _asked(node: Node, held: Mapping[UUID, int]) -> Child:
    if node.id in held:
        return Child(node.key, held[node.id])
    return Child(node.key, node.locked, node.floor, node.cap)


def _refit(tree: Tree, table: Margins, found: Settled, held: Mapping[UUID, int]) -> list[UUID]:
    """The cells of a table whose rows and columns are known; returns their ids."""
    rows, columns = (tree.children[side] for side in (table.row_id, table.column_id))
    cells = [cell for split in tree.of_table[table.id] for cell in tree.children[split]]
    margins = [{one.key: found.amounts[one.id] for one in side} for side in (rows, columns)]
    sums: list[dict[str, int]] = [dict.fromkeys(margin, 0) for margin in margins]
    for one in cells:
        sums[0][str(one.cross_key)] += one.amount
        sums[1][one.key] += one.amount
    if sums == margins and all(held.get(one.id, _set(one)) == one.amount for one in cells):
        found.amounts |= {one.id: one.amount for one in cells}
        return [one.id for one in cells]
    places = {Place(str(one.cross_key), one.key): one for one in cells}
    limits = {
        place: CellLimits(held[one.id]) if one.id in held else CellLimits(one.locked, one.floor, one.cap)
        for place, one in places.items()
    }
    seed = Part(1, {place: abs(one.amount) for place, one in places.items()})
    for cell in solve(Question(margins[0], margins[1], [seed], limits, table.target_id)).cells:
        one = places[cell.place]
        found.amounts[one.id] = cell.amount
        found.shared[one.id] = Shared(cell.seed, cell.bound)
    return [one.id for one in cells]
