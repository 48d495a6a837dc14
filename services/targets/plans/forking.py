"""Pure rules of reorganisations in a plan: which targets go on elsewhere, below what, and how much of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.models import DecompositionRow
from services.targets.plans.repository import Standing
from services.targets.plans.rules import TransferApart
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

_CARRIED = (Dimension.UNIT, Dimension.MEMBER)


class Successor(NamedTuple):
    """What a unit goes on as: its id, its code, and the ids from the root down."""

    id: UUID
    code: str
    path: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Reorganised:
    """What units go on as from a day on, and members with them; `left` are the units above that they leave."""

    start: date
    units: Mapping[UUID, Successor]
    members: Mapping[UUID, Successor]
    left: frozenset[UUID]


class Place(NamedTuple):
    """Where what goes on becomes a child: its parent, the decomposition of that, and the targets that change by it, on
    the side that it leaves and on the one that it comes to."""

    parent: Target
    split: DecompositionRow
    down: tuple[UUID, ...]
    up: tuple[UUID, ...]


@dataclass(slots=True)
class Grown:
    """The tree of a plan by what belongs to what."""

    rows: dict[UUID, Target] = field(default_factory=dict)
    splits: dict[UUID, list[DecompositionRow]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[UUID, DecompositionRow] = field(default_factory=dict)
    children: dict[UUID, list[Target]] = field(default_factory=lambda: defaultdict(list))
    sides: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, standing: Standing) -> Grown:
        """The tree of these rows."""
        found = cls({one.id: one for one in standing.rows})
        for one in standing.rows:
            if one.decomposition_id is not None:
                found.children[one.decomposition_id].append(one)
        for split in sorted(standing.splits, key=lambda one: (not one.is_crediting, one.created_at, one.id)):
            found.splits[split.target_id].append(split)
            found.by_id[split.id] = split
        for table in standing.tables:
            found.sides |= {table.row_decomposition_id, table.column_decomposition_id}
        return found

    def above(self, row: Target) -> list[Target]:
        """The targets above one, the nearest first."""
        found, at = [], row.parent_id
        while at is not None:
            found.append(self.rows[at])
            at = self.rows[at].parent_id
        return found


def tops_of(tree: Grown, moves: Reorganised) -> list[Target]:
    """The targets that go on elsewhere, without those below another one."""
    found = []
    for row in tree.rows.values():
        if row.parent_id is None or row.is_balancing or row.state is TargetState.CLOSED or row.period_end < moves.start:
            continue
        parent = tree.rows[row.parent_id]
        if row.unit_id in moves.units:
            found += [row] if parent.unit_id not in moves.units else []
        elif row.member_id in moves.members and parent.member_id is None and row.unit_id in moves.left:
            found.append(row)
    return sorted(found, key=lambda row: row.id)


def successor_of(row: Target, moves: Reorganised) -> Successor:
    """What the unit of a target that goes on, or of its member, goes on as."""
    if row.unit_id is not None and row.unit_id in moves.units:
        return moves.units[row.unit_id]
    assert row.member_id is not None, "what goes on is of a unit or of a member"
    return moves.members[row.member_id]


def place_of(tree: Grown, row: Target, goes_to: Successor, start: date) -> Place:
    """The place on the other side of what both sides have in common, by the same dimensions and keys. Raises
    TransferApart."""
    assert row.decomposition_id is not None, "a child"
    own = tree.by_id[row.decomposition_id]
    above = tree.above(row)
    common = next((one for one in above if one.unit_id is None or one.unit_id in goes_to.path), None)
    if common is None:
        raise TransferApart("nothing above it is about what it goes below")
    if own.dimension not in _CARRIED or own.table_id is not None or row.cross_id is not None:
        raise TransferApart("it is no child by unit or by member alone")
    chain = above[: above.index(common)]
    if any(one.decomposition_id is not None and tree.by_id[one.decomposition_id].table_id for one in chain):
        raise TransferApart("it is below a cell of a table")
    side = _Side(tree, goes_to, _split_above(tree, chain[-1] if chain else row), start)
    at, up = common, list[UUID]()
    for step in reversed(chain):
        if (found := _beside(side, at, step)) is not None:
            at, up = found, [*up, found.id]
    while (deeper := _by_unit(side, at)) is not None:
        at, up = deeper, [*up, deeper.id]
    split = _split(side, at, own.dimension)
    if split is None or split.id in tree.sides:
        raise TransferApart(f"{at.name} has no decomposition by {own.dimension} of its own, in no table")
    return Place(at, split, tuple(one.id for one in chain), tuple(up))


class _Side(NamedTuple):
    """The side that something comes to; `via` is the decomposition by which both leave what they have in common."""

    tree: Grown
    goes_to: Successor
    via: DecompositionRow
    start: date

    def open(self, children: Sequence[Target]) -> list[Target]:
        """Those of the children that may still change, and whose periods are not over by then."""
        return [one for one in children if one.state is not TargetState.CLOSED and one.period_end >= self.start]


def _split_above(tree: Grown, row: Target) -> DecompositionRow:
    assert row.decomposition_id is not None, "below what they have in common"
    return tree.by_id[row.decomposition_id]


def _split(side: _Side, target: Target, dimension: Dimension) -> DecompositionRow | None:
    splits = [side.via] if side.via.target_id == target.id else side.tree.splits[target.id]
    return next((one for one in splits if one.dimension == dimension and one.table_id is None), None)


def _by_unit(side: _Side, at: Target) -> Target | None:
    """The child of a target about a unit above the one that something goes below."""
    split = _split(side, at, Dimension.UNIT)
    children = [] if split is None else side.open(side.tree.children[split.id])
    return next((one for one in children if one.unit_id in side.goes_to.path and one.unit_id != at.unit_id), None)


def _beside(side: _Side, at: Target, step: Target) -> Target | None:
    """The target that is on the other side what `step` is on this one; None where there are fewer by units."""
    dimension = _split_above(side.tree, step).dimension
    if dimension is Dimension.UNIT:
        return _by_unit(side, at)
    other = _split(side, at, dimension)
    children = [] if other is None else side.open(side.tree.children[other.id])
    found = next((one for one in children if one.child_key == step.child_key), None)
    if found is None:
        raise TransferApart(f"{at.name} has no part {step.child_key}")
    return found


def carried_split(tree: Grown, row: Target) -> DecompositionRow | None:
    """The decomposition whose children go on with a target: the crediting one, by units or members. Raises
    TransferApart where a target is split by time, as its parts are of one period."""
    if any(split.dimension in PERIODS for split in tree.splits[row.id]):
        raise TransferApart("it is split by time")
    found = next((one for one in tree.splits[row.id] if one.is_crediting), None)
    return found if found is not None and found.dimension in _CARRIED and found.table_id is None else None


def goers(tree: Grown, split: DecompositionRow, moves: Reorganised) -> Sequence[Target]:
    """The children of a decomposition that go on with their parent; where all do, so does what is balanced."""
    children = [one for one in tree.children[split.id] if one.state is not TargetState.CLOSED]
    owned = [one for one in children if not one.is_balancing and one.period_end >= moves.start]
    by_unit = split.dimension is Dimension.UNIT
    found = [one for one in owned if (one.unit_id in moves.units if by_unit else one.member_id in moves.members)]
    return found + [one for one in children if one.is_balancing and found and len(found) == len(owned)]
