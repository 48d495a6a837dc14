"""Use cases of the attainment: results of targets and of slices of the credits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import BadQuery, FieldError, NotFound
from kit.work import Work
from services.targets.attainment import repository
from services.targets.attainment.repository import GroupSum, Slice, TargetResult
from services.targets.attainment.rules import assess
from services.targets.attainment.schemas import AttainmentItem, AttainmentQuery, AttainmentRead
from services.targets.members.service import require_member
from services.targets.targets.service import require_target
from services.targets.units.service import require_unit, visible_to

FORMULA_VERSION = 1
MAX_TREE = 1_000

_DIMENSIONS = ("unit_id", "member_id", "product_line", "region", "customer_type")
_NARROWING = (*_DIMENSIONS, "first", "last")
_NAMES = {"first": "from", "last": "to"}


async def read_attainment(work: Work, query: AttainmentQuery) -> AttainmentRead:
    """The answer to a query.

    Raises BadQuery for parameters that exclude each other; NotFound for a target, unit or member that does not exist
    or is not visible.
    """
    _check(query)
    if query.root_id is not None:
        return _of_targets(work, await _tree(work, query.root_id))
    if query.target_id is not None and not query.group_by:
        return _of_targets(work, await _target(work, query.target_id, children=query.children))
    part = await _slice(work, query) if query.target_id is None else await _target_slice(work, query.target_id)
    sums = await repository.sum_credits(work.tx, part, query.group_by or "")
    return _answer(work, sums, [AttainmentItem(key=one.key, actual=one.actual, lines=one.lines) for one in sums])


def _check(query: AttainmentQuery) -> None:
    """Parameters that exclude each other; the one to be left out is named."""
    given = [name for name in _NARROWING if getattr(query, name) is not None]
    if query.target_id is not None and query.root_id is not None:
        raise _excluded("root_id")
    if (query.target_id or query.root_id) and given:
        raise _excluded(_NAMES.get(given[0], given[0]))
    if query.children and (query.target_id is None or query.group_by):
        raise _excluded("children")
    if query.root_id is not None and query.group_by:
        raise _excluded("group_by")


def _excluded(name: str) -> BadQuery:
    return BadQuery(errors=[FieldError(name, "excluded", "cannot be combined with the other parameters")])


def _answer(work: Work, found: Sequence[GroupSum | TargetResult], items: list[AttainmentItem]) -> AttainmentRead:
    return AttainmentRead(
        as_of=work.today,
        formula_version=FORMULA_VERSION,
        sample_size=sum(one.lines for one in found),
        currency=work.base_currency,
        items=items,
    )


def _of_targets(work: Work, found: Sequence[TargetResult]) -> AttainmentRead:
    return _answer(work, found, [_item(work, one) for one in found])


async def _target(work: Work, target_id: UUID, *, children: bool) -> list[TargetResult]:
    scope = (await visible_to(work)).scope
    found = await repository.get_target_result(work.tx, target_id, scope)
    if found is None:
        raise NotFound(what="target")
    return [found, *(await repository.list_children_results(work.tx, target_id, scope) if children else [])]


async def _tree(work: Work, root_id: UUID) -> list[TargetResult]:
    found = await repository.list_tree_results(work.tx, root_id, (await visible_to(work)).scope, MAX_TREE + 1)
    if not found:
        raise NotFound(what="target")
    if len(found) > MAX_TREE:
        raise BadQuery(errors=[FieldError("root_id", "too-many", f"the tree has more than {MAX_TREE} targets")])
    return found


async def _target_slice(work: Work, target_id: UUID) -> Slice:
    target = await require_target(work, target_id)
    dimensions = {name: getattr(target, name) for name in _DIMENSIONS}
    return Slice(first=target.period_start, last=target.period_end, **dimensions)


async def _slice(work: Work, query: AttainmentQuery) -> Slice:
    visible = await visible_to(work)
    narrowed = {name: getattr(query, name) for name in _NARROWING}
    if visible.everything:
        if query.unit_id is not None:
            await require_unit(work, query.unit_id)
        if query.member_id is not None:
            await require_member(work, query.member_id)
        return Slice(**narrowed)
    if query.unit_id is not None and query.unit_id not in visible.units:
        raise NotFound(what="unit")
    if query.member_id is not None and query.member_id not in visible.members:
        raise NotFound(what="member")
    return Slice(**narrowed, visible_members=visible.members, visible_units=visible.units)


def _item(work: Work, one: TargetResult) -> AttainmentItem:
    standing = assess(one.amount, one.actual, one.period_start, one.period_end, work.today)
    return AttainmentItem(
        key=one.child_key,
        actual=one.actual,
        lines=one.lines,
        target_id=one.id,
        parent_id=one.parent_id,
        decomposition_id=one.decomposition_id,
        name=one.name,
        state=one.state,
        period_start=one.period_start,
        period_end=one.period_end,
        amount=one.amount,
        attainment=standing.percent,
        gap=standing.gap,
        expected=standing.expected,
        pace=standing.pace,
        required_per_day=standing.required_per_day,
        working_days=standing.working_days,
        elapsed_days=standing.elapsed_days,
        remaining_days=standing.remaining_days,
    )
