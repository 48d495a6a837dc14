"""Use cases of the attainment: results of targets and of slices of the credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.errors import BadQuery, FieldError
from services.targets.access import Visible
from services.targets.attainment import repository
from services.targets.attainment.repository import Slice
from services.targets.attainment.rules import assess
from services.targets.attainment.schemas import AttainmentQuery
from services.targets.members.service import MemberNotFound, require_member
from services.targets.targets.service import TargetNotFound, require_visible
from services.targets.units.service import UnitNotFound, require_unit

FORMULA_VERSION = 1
MAX_TREE = 1_000

_DIMENSIONS = ("unit_id", "member_id", "product_line", "region", "customer_type", "first", "last")
_NAMES = {"first": "from", "last": "to"}


@dataclass(frozen=True, slots=True)
class View:
    """What the results depend on besides the data."""

    visible: Visible
    as_of: date
    currency: str


async def read_attainment(tx: Tx, query: AttainmentQuery, view: View) -> dict[str, Any]:
    """The answer to a query.

    Raises BadQuery for parameters that exclude each other; TargetNotFound, UnitNotFound, MemberNotFound for what
    does not exist or is not visible.
    """
    given = [name for name in _DIMENSIONS if getattr(query, name) is not None]
    if query.target_id is not None and query.root_id is not None:
        raise _excluded("root_id")
    if (query.target_id or query.root_id) and given:
        raise _excluded(_NAMES.get(given[0], given[0]))
    if query.children and (query.target_id is None or query.group_by):
        raise _excluded("children")
    if query.root_id is not None:
        if query.group_by:
            raise _excluded("group_by")
        return _answer(view, [_of_target(row, view.as_of) for row in await _tree(tx, query.root_id, view.visible)])
    if query.target_id is not None and not query.group_by:
        rows = await _target(tx, query.target_id, view.visible, children=query.children)
        return _answer(view, [_of_target(row, view.as_of) for row in rows])
    part = await _target_slice(tx, query.target_id, view) if query.target_id else await _slice(tx, query, view)
    rows = await repository.sum_credits(tx, part, query.group_by or "")
    return _answer(view, [dict(row) for row in rows])


def _excluded(name: str) -> BadQuery:
    return BadQuery(errors=[FieldError(name, "excluded", "cannot be combined with the other parameters")])


def _answer(view: View, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "as_of": view.as_of,
        "formula_version": FORMULA_VERSION,
        "sample_size": sum(item["lines"] for item in items),
        "currency": view.currency,
        "items": items,
    }


async def _target(tx: Tx, target_id: UUID, visible: Visible, *, children: bool) -> list[Row]:
    scope = (visible.everything, visible.members, visible.units)
    row = await repository.get_target_result(tx, target_id, *scope)
    if row is None:
        raise TargetNotFound
    return [row, *(await repository.list_children_results(tx, target_id, *scope) if children else [])]


async def _tree(tx: Tx, root_id: UUID, visible: Visible) -> list[Row]:
    scope = (visible.everything, visible.members, visible.units)
    rows = await repository.list_tree_results(tx, root_id, *scope, MAX_TREE + 1)
    if not rows:
        raise TargetNotFound
    if len(rows) > MAX_TREE:
        raise BadQuery(errors=[FieldError("root_id", "too-many", f"the tree has more than {MAX_TREE} targets")])
    return rows


async def _target_slice(tx: Tx, target_id: UUID, view: View) -> Slice:
    target = await require_visible(tx, target_id, view.visible)
    return Slice(
        first=target["period_start"],
        last=target["period_end"],
        **{name: target[name] for name in _DIMENSIONS[:5]},
    )


async def _slice(tx: Tx, query: AttainmentQuery, view: View) -> Slice:
    visible = view.visible
    values = {name: getattr(query, name) for name in _DIMENSIONS}
    if visible.everything:
        if query.unit_id is not None:
            await require_unit(tx, query.unit_id)
        if query.member_id is not None:
            await require_member(tx, query.member_id)
        return Slice(**values)
    if query.unit_id is not None and query.unit_id not in visible.units:
        raise UnitNotFound
    if query.member_id is not None and query.member_id not in visible.members:
        raise MemberNotFound
    return Slice(**values, visible_members=visible.members, visible_units=visible.units)


def _of_target(row: Row, as_of: date) -> dict[str, Any]:
    standing = assess(row["amount"], row["actual"], row["period_start"], row["period_end"], as_of)
    return {
        "key": row["child_key"],
        "actual": row["actual"],
        "lines": row["lines"],
        "target_id": row["id"],
        **{
            name: row[name]
            for name in ("parent_id", "decomposition_id", "name", "state", "period_start", "period_end", "amount")
        },
        "attainment": standing.percent,
        "gap": standing.gap,
        "expected": standing.expected,
        "pace": standing.pace,
        "required_per_day": standing.required_per_day,
        "working_days": standing.working_days,
        "elapsed_days": standing.elapsed_days,
        "remaining_days": standing.remaining_days,
    }
