"""Reorganisations: what of active trees goes on below another unit, as plans that somebody promotes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.calendar import Calendar
from kit.records import Change, changed_row, fresh
from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.decompositions.balancing import beyond, check_amounts
from services.targets.decompositions.enums import Dimension
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.planning import OF_ITSELF
from services.targets.metrics.lists import LEVELS
from services.targets.plans import repository
from services.targets.plans.bases import settle_bases, with_bases
from services.targets.plans.editing import shared_rows
from services.targets.plans.forking import (
    Grown,
    Reorganised,
    carried_split,
    goers,
    place_of,
    successor_of,
    tops_of,
)
from services.targets.plans.models import Plan
from services.targets.plans.repository import Standing
from services.targets.plans.rules import UNPARTED, TransferApart, parted
from services.targets.plans.schemas import PlanCreate
from services.targets.plans.service import open_plan, tree_of
from services.targets.plans.settling import settle
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

_ONE = timedelta(days=1)


class Kept(NamedTuple):
    """A live target that stays where it is in a plan, and why."""

    target_id: UUID
    reason: str


class Opened(NamedTuple):
    """A plan of a tree: how many targets go on elsewhere in it, and what stays though it is of who goes."""

    plan: Plan
    transferred: int
    kept: Sequence[Kept]


@dataclass(slots=True)
class _Fork:
    """What becomes of the tree of a plan: targets that end, others that go on, and by how much those above change."""

    work: Work
    tree: Grown
    moves: Reorganised
    calendar: Calendar
    ended: dict[UUID, Change[Target]] = field(default_factory=dict)
    rows: list[Target] = field(default_factory=list)
    splits: list[DecompositionRow] = field(default_factory=list)
    shifts: Counter[UUID] = field(default_factory=Counter)
    bases: Counter[UUID] = field(default_factory=Counter)


async def open_plans(work: Work, moves: Reorganised, name: str) -> list[Opened]:
    """A plan of each active tree in which something is of units or members that go on elsewhere; raises TooManyPlans,
    DecompositionInfeasible, TableInfeasible, AmountTooLarge."""
    roots = await repository.list_touched(
        work.tx, list(moves.units), list(moves.members), list(moves.left), moves.start
    )
    calendar = await company_calendar(work)
    return [await _open(work, moves, calendar, root_id, name) for root_id in roots]


async def _open(work: Work, moves: Reorganised, calendar: Calendar, root_id: UUID, name: str) -> Opened:
    plan = await open_plan(work, PlanCreate(root_id=root_id, name=name))
    standing = await repository.read_tree(work.tx, plan.branch_id)
    fork = _Fork(work, Grown.of(standing), moves, calendar)
    kept = []
    for row in tops_of(fork.tree, moves):
        try:
            _go_on(fork, row)
        except TransferApart as apart:
            kept.append(Kept(row.origin_id or row.id, apart.detail))
    if fork.rows:
        await _write(work, plan, standing, fork)
    return Opened(plan, sum(not one.is_balancing for one in fork.rows), kept)


def _go_on(fork: _Fork, row: Target) -> None:
    """Part a target and what goes on with it. Raises TransferApart, and nothing has changed then."""
    if row.metric in LEVELS:
        raise TransferApart(UNPARTED)
    goes_to = successor_of(row, fork.moves)
    place = place_of(fork.tree, row, goes_to, fork.moves.start)
    key = str(goes_to.id) if place.split.dimension is Dimension.UNIT else row.child_key
    taken = {(one.decomposition_id, one.child_key) for one in (*fork.tree.children[place.split.id], *fork.rows)}
    if (place.split.id, key) in taken:
        raise TransferApart("there is a target of it already")
    marks = len(fork.rows), len(fork.splits), dict(fork.ended)
    try:
        gone = _fork(fork, row, place.parent, place.split)
    except TransferApart:
        del fork.rows[marks[0] :], fork.splits[marks[1] :]
        fork.ended = marks[2]
        raise
    if gone is None:
        raise TransferApart("nobody of it goes along")
    for sign, chain in ((-1, place.down), (1, place.up)):
        for each in chain:
            fork.shifts[each] += sign * gone.amount
            fork.bases[each] += sign * (gone.base or 0)


class _Gone(NamedTuple):
    """How much goes on, and of a ratio over which planned denominator."""

    amount: int
    base: int | None


def _fork(fork: _Fork, row: Target, parent: Target, split: DecompositionRow) -> _Gone | None:
    """Part a target below its new parent: what goes on, None when it is somebody's who stays."""
    below = carried_split(fork.tree, row)
    new = _begun(fork, row, parent, split)
    amount = _after(fork.calendar, row, row.amount, fork.moves.start)
    base = None if row.base is None else _after(fork.calendar, row, row.base, fork.moves.start)
    if below is not None:
        place, going = len(fork.rows), goers(fork.tree, below, fork.moves)
        made = _split_of(below, new, over=below.over_assignment if any(one.is_balancing for one in going) else 0)
        parts = [_fork(fork, one, new, made) for one in going]
        gone = [part for part in parts if part is not None]
        if not gone:
            return None
        amount = sum(part.amount for part in gone)
        base = None if row.base is None else sum(part.base or 0 for part in gone)
        fork.splits.append(made.model_copy(update={"amount": amount}))
        fork.rows.insert(place, new.model_copy(update={"amount": amount, "base": base, "computed": amount}))
    else:
        fork.rows.append(new.model_copy(update={"amount": amount, "base": base, "computed": amount}))
    check_amounts([amount, row.amount - amount])
    stays = {"amount": row.amount - amount, "base": None if row.base is None else row.base - (base or 0)}
    left: dict[str, Any] = {**stays, "locked": None, **targets.written(fork.work)}
    if row.period_start < fork.moves.start:
        left["period_end"] = fork.moves.start - _ONE
    fork.ended[row.id] = changed_row(row, left)
    return _Gone(amount, base)


def _after(calendar: Calendar, row: Target, amount: int, start: date) -> int:
    """What goes on of an amount or base of a target from a day on, by working days."""
    if row.period_start >= start:
        return amount
    days = working_days(calendar, row.period_start, start - _ONE), working_days(calendar, start, row.period_end)
    return parted(amount, days)[1]


def _begun(fork: _Fork, row: Target, parent: Target, split: DecompositionRow) -> Target:
    """What goes on: about the same, and of its new parent."""
    unit_id, label, key = parent.unit_id, row.name.rpartition(" / ")[2], row.child_key
    if row.is_balancing:
        unit_id = None
    elif split.dimension is Dimension.UNIT:
        goes_to = successor_of(row, fork.moves)
        unit_id, label, key = goes_to.id, goes_to.code, str(goes_to.id)
    own = {
        **fresh(),
        **OF_ITSELF,
        **dict.fromkeys(("weight", "locked", "floor", "cap", "bound", "driver_values")),
        "unit_id": unit_id,
        "parent_id": parent.id,
        "decomposition_id": split.id,
        "child_key": key,
        "name": f"{parent.name} / {label}",
        "period_start": max(row.period_start, fork.moves.start),
        "state": TargetState.DRAFT,
        "authored_by": fork.work.actor.subject,
    }
    made: Target = row.model_copy(update=own)
    return made


def _split_of(split: DecompositionRow, target: Target, *, over: int) -> DecompositionRow:
    """The decomposition that what goes on has, as its target had it."""
    own = {
        **fresh(),
        "target_id": target.id,
        "children_sum": 0,
        "over_assignment": over,
        "is_crediting": True,
        "carried": 0,
        "origin_id": None,
    }
    made: DecompositionRow = split.model_copy(update=own)
    return made


async def _write(work: Work, plan: Plan, standing: Standing, fork: _Fork) -> None:
    """Everything that changes in the tree of the plan, in one transaction, which compares the sums."""
    rows = {one.id: one for one in standing.rows}
    amounts = {one: rows[one].amount + shift for one, shift in fork.shifts.items()}
    amounts |= {one: change.after.amount for one, change in fork.ended.items()}
    amounts |= {one.id: one.amount for one in fork.rows}
    named = {**rows, **{one.id: one for one in fork.rows}}
    splits = {named[one].decomposition_id for one in amounts}
    held = {one.id: one.amount for one in standing.rows if one.decomposition_id in splits} | amounts
    tree = tree_of(Standing([*standing.rows, *fork.rows], [*standing.splits, *fork.splits], standing.tables))
    whole = rows[plan.branch_id].amount
    settled = await asyncio.to_thread(settle, tree, plan.branch_id, whole, held, _kept_beyond(standing, amounts))
    left = [one for one in standing.rows if one.id not in fork.ended]
    others = with_bases(left, shared_rows(left, settled), _bases(standing, fork), clock.now())
    changes = [*fork.ended.values(), *(_set(work, one, fork) for one in others)]
    await repository.add_splits(work.tx, fork.splits)
    await repository.add_targets(work.tx, fork.rows)
    await targets.change_together(work, plan.branch_id, changes, action="transfer")
    await repository.restate(work.tx, [one.after.id for one in changes], clock.now())


def _bases(standing: Standing, fork: _Fork) -> dict[UUID, int]:
    """The denominators of ratios, as what goes on takes its own along."""
    rows = {one.id: one for one in standing.rows}
    given = {one: (rows[one].base or 0) + shift for one, shift in fork.bases.items() if rows[one].base is not None}
    changed = [change.after for change in fork.ended.values()]
    given |= {one.id: one.base for one in (*changed, *fork.rows) if one.base is not None}
    whole = Standing([*standing.rows, *fork.rows], [*standing.splits, *fork.splits], standing.tables)
    return settle_bases(whole, given, list(given))


def _kept_beyond(standing: Standing, amounts: Mapping[UUID, int]) -> dict[UUID, int]:
    """What balancing children hold beyond their decompositions' shares, so that they amount to what they do here."""
    more = {one.decomposition_id: amounts[one.id] - one.amount for one in standing.rows if _balances(one, amounts)}
    return {
        one.id: more.get(one.id, 0)
        + beyond(one.amount, one.over_assignment)
        - beyond(amounts.get(one.target_id, one.amount), one.over_assignment)
        for one in standing.splits
        if one.id in more or (one.over_assignment and one.target_id in amounts)
    }


def _balances(row: Target, amounts: Mapping[UUID, int]) -> bool:
    return row.is_balancing and row.id in amounts


def _set(work: Work, one: Change[Target], fork: _Fork) -> Change[Target]:
    """What changes because something left it or came to it was set so."""
    if one.after.id not in fork.shifts:
        return one
    after: Target = one.after
    return one._replace(after=after.model_copy(update={"authored_by": work.actor.subject}))
