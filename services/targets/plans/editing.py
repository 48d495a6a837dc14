"""Changing a target by PATCH: a live one by itself, one of a plan with all that has to sum with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.records import Change, changed_row, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.members import service as members
from services.targets.plans import repository
from services.targets.plans.rules import locked_amount
from services.targets.plans.service import tree_of
from services.targets.plans.settling import Settled, Tree, settle
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import MOVES, NOUN, check_owned, check_stretch
from services.targets.targets.schemas import TargetUpdate
from services.targets.targets.service import VOID


async def update_target(work: Work, target_id: UUID, version: Versions, data: TargetUpdate) -> Target:
    """Change a target. In a plan the parent stays what it is: siblings that are not locked share the difference, and
    all below what changes shares it on; what is closed stays. They are audited with it. A proposal or approval of the
    plan is void then.

    Raises what targets.update_target raises, RateOutside, LockOfRoot, LockUnequal, DecompositionInfeasible,
    TableInfeasible, AmountTooLarge.
    """
    if (await targets.require_target(work, target_id)).plan_id is None:
        return await targets.update_target(work, target_id, version, data)
    before = await targets.require_target(work, target_id, lock=True)
    version.check(before.version)
    check_owned(before.is_balancing)
    next_state(NOUN, MOVES, "update", before.state)
    given = data.given()
    given |= locked_amount(given, before.amount, before.locked, is_root=before.parent_id is None)
    if not changed_row(before, given).changed:
        return before
    check_stretch(given["amount"], given.get("stretch", before.stretch))
    if given.get("owner_id") is not None:
        await members.check_owner(work, given["owner_id"], "/owner_id", before.owner_id)
    one = changed_row(before, given | targets.written(work))
    others: list[Change[Target]] = []
    if "amount" in one.changed:
        standing = await repository.read_tree(work.tx, before.root_id)
        closed = {row.id: row.amount for row in standing.rows if row.state is TargetState.CLOSED}
        settled = await _settled(tree_of(standing), before, given["amount"], closed)
        others = shared_rows([row for row in standing.rows if row.id != target_id], settled)
    targets.check_rates((one, *others))
    await repository.write_planned(work.tx, (one, *others))
    await targets.void_above(work, target_id)
    await record(work, targets.TARGETS, [one], action="update")
    await repository.restate(work.tx, [each.after.id for each in (one, *others)], clock.now())
    return one.after


async def _settled(tree: Tree, before: Target, amount: int, closed: Mapping[UUID, int]) -> Settled:
    """Amounts of all that has to sum with a target that changes."""
    if before.parent_id is None:
        return await asyncio.to_thread(settle, tree, before.id, amount, closed)
    tree.add(tree.nodes[before.id]._replace(locked=amount))
    parent = tree.nodes[_top(tree, before)]
    return await asyncio.to_thread(settle, tree, parent.id, parent.amount, closed)


def _top(tree: Tree, target: Target) -> UUID:
    """The target whose children have to be shared out anew: the parent, or of a cell what its table splits."""
    assert target.parent_id is not None, "a child"
    of_table = next(one.table_id for one in tree.splits[target.parent_id] if one.id == target.decomposition_id)
    found = (one.target_id for tables in tree.tables.values() for one in tables if one.id == of_table)
    return next(found, target.parent_id)


def shared_rows(rows: Sequence[Target], settled: Settled) -> list[Change[Target]]:
    """Targets of a plan whose amounts others decided; their stretch is no less than that."""
    found, now = [], clock.now()
    for row in rows:
        amount = settled.amounts.get(row.id, row.amount)
        if amount != row.amount:
            shared = settled.shared.get(row.id)
            more = {} if shared is None else {"computed": shared.computed, "bound": shared.bound}
            stretch = None if row.stretch is None else max(row.stretch, amount)
            found.append(changed_fast(row, {"amount": amount, "stretch": stretch, **more, **VOID}, now))
    return found


def changed_fast(row: Target, given: Mapping[str, Any], now: datetime) -> Change[Target]:
    """As changed_row, of values that need no parsing: a tree has many rows."""
    changed = tuple(name for name, value in given.items() if getattr(row, name) != value)
    after: Target = row.model_copy(update={**given, "version": row.version + 1, "updated_at": now})
    return Change(row, after, changed) if changed else Change(row, row)
