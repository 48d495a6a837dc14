"""Transfers: what is left of a member's target in a plan goes to another parent, and nothing else changes by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from kit import clock
from kit.errors import FieldError, UnknownReference
from kit.records import Change, changed_row, fresh
from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.service import Scope, profile_of
from services.targets.decompositions import service as decompositions
from services.targets.decompositions.drivers import SCOPE
from services.targets.decompositions.planning import OF_ITSELF
from services.targets.members import service as members
from services.targets.metrics.lists import LEVELS
from services.targets.plans import repository
from services.targets.plans.bases import settle_bases, with_bases
from services.targets.plans.editing import shared_rows
from services.targets.plans.enums import PartedBy
from services.targets.plans.repository import Standing
from services.targets.plans.rules import UNPARTED, TransferApart, chains_of, check_standing, check_transfer, parted
from services.targets.plans.schemas import PlanTransfer
from services.targets.plans.service import require_plan, tree_of
from services.targets.plans.settling import settle
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import check_open, check_owned
from services.targets.targets.service import MemberOutside


class Transferred(NamedTuple):
    """What stays where it was, and what has gone."""

    stays: Target
    goes: Target


async def transfer_target(work: Work, plan_id: UUID, data: PlanTransfer) -> Transferred:
    """Part the target of a member on a day, by working days or the day profile: what is left goes below another parent.
    The parents between each of both and what they have in common change by as much; that stays. An approval is void
    then.

    Raises NotFound, PlanPromoted, StateConflict, UnknownReference (a target that is none of the plan), TransferApart,
    TransferOutside, MemberOutside, BalancingTarget, DecompositionInfeasible, TableInfeasible.
    """
    plan = await require_plan(work, plan_id, lock=True)
    check_standing(plan.state, "transfer")
    standing = await repository.read_tree(work.tx, plan.branch_id)
    rows = {one.id: one for one in standing.rows}
    before: Target = _named(rows, data, "target_id")
    parent: Target = _named(rows, data, "to_parent_id")
    for one in (before, parent):
        check_owned(one.is_balancing)
        check_open(one.state)
    if before.metric in LEVELS:
        raise TransferApart(UNPARTED)
    if before.member_id is None or before.decomposition_id is None:
        raise TransferApart("it is the target of no member")
    check_transfer(before.period_start, before.period_end, data.first)
    await _check_member(work, before.member_id, parent, data.first, before.period_end)
    if await decompositions.decomposed(work, [before.id]):
        raise TransferApart("it is decomposed itself")
    eve = data.first - timedelta(days=1)
    weights = await _weights(work, before, data)
    stays, goes = parted(before.amount, weights)
    bases = (None, None) if before.base is None else parted(before.base, weights)
    new = _gone(work, before, parent, _split_of(standing, before, parent), (goes, bases[1]), data.first)
    own = {"amount": stays, "base": bases[0], "period_end": eve, "locked": None}
    made = changed_row(before, {**own, **targets.written(work)})
    changes = [made, *await _settled(work, standing, made, new)]
    await targets.add_children(work, parent, [new])
    await targets.change_together(work, before.id, changes, action="transfer")
    await targets.void_above(work, new.id)
    await repository.restate(work.tx, [one.after.id for one in changes], clock.now())
    return Transferred(made.after, new)


async def _weights(work: Work, target: Target, data: PlanTransfer) -> tuple[int, int]:
    """What the days before and from the one of a transfer on weigh."""
    calendar = await company_calendar(work)
    parts = (target.period_start, data.first - timedelta(days=1)), (data.first, target.period_end)
    if data.by is PartedBy.WORKING_DAYS:
        before, after = (working_days(calendar, *part) for part in parts)
        return before, after
    scope = Scope(**{name: getattr(target, name) for name in SCOPE}, metric=target.metric)
    profile = await profile_of(work, calendar, scope, target.period_start)
    before, after = (profile.weight(calendar, *part) for part in parts)
    return before, after


def _named(rows: Mapping[UUID, Target], data: PlanTransfer, name: str) -> Target:
    found = rows.get(getattr(data, name))
    if found is None:
        raise UnknownReference(errors=[FieldError(f"/{name}", "unknown-reference", "no such target in the plan")])
    return found


async def _check_member(work: Work, member_id: UUID, parent: Target, first: date, last: date) -> None:
    if parent.unit_id is None:
        return
    held = await members.units_of(work, [member_id], first, last)
    if parent.unit_id not in held.get(member_id, ()):
        detail = "the member is never inside its unit from then on"
        raise MemberOutside(errors=[FieldError("/to_parent_id", "outside", detail)])


def _split_of(standing: Standing, target: Target, parent: Target) -> UUID:
    """The decomposition of the new parent that the target becomes a child of. Raises TransferApart."""
    by_id = {one.id: one for one in standing.splits}
    assert target.decomposition_id is not None, "a child"
    own = by_id[target.decomposition_id]
    found = [
        one
        for one in standing.splits
        if one.target_id == parent.id and one.dimension == own.dimension and one.table_id is None and one.id != own.id
    ]
    if not found or own.table_id is not None:
        raise TransferApart(f"both parents need a decomposition by {own.dimension} of their own, in no table")
    split = min(found, key=lambda one: (not one.is_crediting, one.created_at))
    if any(one.decomposition_id == split.id and one.child_key == target.child_key for one in standing.rows):
        raise TransferApart("the new parent has a target of this member")
    return split.id


def _gone(
    work: Work, target: Target, parent: Target, split_id: UUID, goes: tuple[int, int | None], first: date
) -> Target:
    """What goes, an amount and of a ratio its base: about what its new parent is about, and its member."""
    amount, base = goes
    own = {
        **fresh(),
        **OF_ITSELF,
        **{name: getattr(parent, name) for name in SCOPE},
        **dict.fromkeys(("weight", "locked", "floor", "cap", "bound", "driver_values")),
        "member_id": target.member_id,
        "parent_id": parent.id,
        "decomposition_id": split_id,
        "period_start": first,
        "amount": amount,
        "base": base,
        "computed": amount,
        "state": TargetState.DRAFT,
        "authored_by": work.actor.subject,
    }
    row: Target = target.model_copy(update=own)
    return row


async def _settled(work: Work, standing: Standing, made: Change[Target], new: Target) -> list[Change[Target]]:
    """The parents on both sides, which somebody set so, and what shares their amounts otherwise."""
    rows = {one.id: one for one in standing.rows}
    places = {one.id: (one.parent_id, one.decomposition_id) for one in (*standing.rows, new)}
    down, up, common = chains_of(places, made.after.id, new.id)
    amounts = {one: rows[one].amount - new.amount for one in down} | {one: rows[one].amount + new.amount for one in up}
    amounts |= {made.after.id: made.after.amount, new.id: new.amount}
    splits = {rows[one].decomposition_id for one in (*down, *up, made.after.id)} | {new.decomposition_id}
    held = {one.id: one.amount for one in standing.rows if one.decomposition_id in splits} | amounts
    tree = tree_of(standing._replace(rows=[*standing.rows, new]))
    settled = await asyncio.to_thread(settle, tree, common, rows[common].amount, held)
    others = shared_rows([one for one in standing.rows if one.id != made.after.id], settled)
    moved = new.base or 0
    if new.base is not None and made.after.base is not None:
        given = {made.after.id: made.after.base, new.id: new.base}
        given |= {one: (rows[one].base or 0) + moved * sign for sign, side in ((-1, down), (1, up)) for one in side}
        whole = standing._replace(rows=[*standing.rows, new])
        kept = [one for one in standing.rows if one.id != made.after.id]
        others = with_bases(kept, others, settle_bases(whole, given, list(given)), clock.now())
    return [_set(work, one, (*down, *up)) for one in others]


def _set(work: Work, one: Change[Target], chosen: Sequence[UUID]) -> Change[Target]:
    if one.after.id not in chosen:
        return one
    after: Target = one.after
    return one._replace(after=after.model_copy(update={"authored_by": work.actor.subject}))
