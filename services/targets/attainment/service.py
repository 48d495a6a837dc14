"""Use cases of the attainment: results of targets and of slices of the credits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from kit.errors import BadQuery, FieldError, NotFound, UnknownReference
from kit.work import Work
from services.targets.attainment import repository
from services.targets.attainment.repository import GroupSum, Slice, TargetResult
from services.targets.attainment.rules import Count, assess
from services.targets.attainment.schemas import AttainmentItem, AttainmentQuery, AttainmentRead
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.members.service import known_members
from services.targets.products.service import known_lines
from services.targets.targets.regions import check_region
from services.targets.targets.service import require_target
from services.targets.units.service import known_units, visible_to

FORMULA_VERSION = 2
MAX_TREE = 1_000
UNALLOCATED = "unallocated"

_VALUES = ("product_line", "region", "customer_type")
_DIMENSIONS = ("unit_id", "member_id", *_VALUES)
_NARROWING = (*_DIMENSIONS, "first", "last")
_NAMES = {"first": "from", "last": "to"}


async def read_attainment(work: Work, query: AttainmentQuery) -> AttainmentRead:
    """The answer to a query.

    Raises BadQuery for parameters that exclude each other and a period that ends before it starts; UnknownReference
    for what nobody knows; NotFound for a target that does not exist, and for what is not visible.
    """
    _check(query)
    if query.root_id is not None:
        return await _of_targets(work, await _tree(work, query.root_id))
    if query.target_id is not None and not query.group_by:
        return await _of_targets(work, await _target(work, query.target_id, children=query.children))
    part = await _slice(work, query) if query.target_id is None else await _target_slice(work, query.target_id)
    sums = await repository.sum_credits(work.tx, part, query.group_by or "")
    if query.target_id is None and not any(one.lines for one in sums):
        await _check_known(work, query)
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
    if query.first and query.last and query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])


async def _check_known(work: Work, query: AttainmentQuery) -> None:
    """Nothing was credited to these values: 0 is said of those that something could be credited to, no others."""
    for name in _VALUES:
        value = getattr(query, name)
        is_known = not value or (name == "region" and not check_region(value))
        if is_known or (name == "product_line" and await known_lines(work, [value])):
            continue
        if not await repository.is_known(work.tx, name, value):
            raise _unknown(name)


def _unknown(name: str) -> UnknownReference:
    return UnknownReference(errors=[FieldError(name, "unknown-reference", "nobody knows this value")])


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


async def _of_targets(work: Work, found: Sequence[TargetResult]) -> AttainmentRead:
    calendar = await company_calendar(work)
    count = partial(working_days, calendar)
    answer = _answer(work, found, [*(_item(work, one, count) for one in found), *_unallocated(found)])
    return answer.model_copy(update={"calendar_known_until": calendar.known_until()})


def _unallocated(found: Sequence[TargetResult]) -> list[AttainmentItem]:
    """What lies outside all children, per decomposition; who sees a target sees all its children.

    A nested child of an early release has its results in those of the child above it.
    """
    by_id = {one.id: one for one in found}
    split: dict[tuple[UUID, UUID], list[TargetResult]] = defaultdict(list)
    for one in found:
        if one.decomposition_id is not None and one.parent_id in by_id:
            split[one.decomposition_id, one.parent_id].append(one)
    items = []
    for (decomposition_id, parent_id), children in sorted(split.items()):
        parent = by_id[parent_id]
        apart = [child for child in children if not child.is_nested]
        items.append(
            AttainmentItem(
                key=UNALLOCATED,
                actual=parent.actual - sum(child.actual for child in apart),
                lines=parent.lines - sum(child.lines for child in apart),
                parent_id=parent.id,
                decomposition_id=decomposition_id,
                overlapping=len(apart) < len(children),
            )
        )
    return items


async def _target(work: Work, target_id: UUID, *, children: bool) -> list[TargetResult]:
    scope = (await visible_to(work)).scope
    found = await repository.list_results(work.tx, target_id, scope, children=children)
    if not found or found[0].id != target_id:
        raise NotFound(what="target")
    return found


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
        if query.unit_id is not None and not await known_units(work, [query.unit_id]):
            raise _unknown("unit_id")
        if query.member_id is not None and not await known_members(work, [query.member_id]):
            raise _unknown("member_id")
        return Slice(**narrowed)
    if query.unit_id is not None and query.unit_id not in visible.units:
        raise NotFound(what="unit")
    if query.member_id is not None and query.member_id not in visible.members:
        raise NotFound(what="member")
    return Slice(**narrowed, visible_members=visible.members, visible_units=visible.units)


def _item(work: Work, one: TargetResult, count: Count) -> AttainmentItem:
    standing = assess(one.amount, one.actual, one.period_start, one.period_end, work.today, count)
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
        closed_value=one.closed_value,
        after_close=None if one.closed_value is None else one.actual - one.closed_value,
    )
