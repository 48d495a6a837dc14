"""Use cases of what becomes of units: who leads them, when they end, and what they go on as elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kit.errors import LostRace
from kit.records import Change, fresh
from kit.work import Work
from services.targets.members import service as members
from services.targets.members.models import Member
from services.targets.plans.forking import Reorganised, Successor
from services.targets.plans.reorganising import Opened, open_plans
from services.targets.reorganisations import repository
from services.targets.reorganisations.rules import (
    ParentInside,
    UnitAlreadyThere,
    UnitInUse,
    Use,
    check_end,
    check_goes_on,
    codes_of,
)
from services.targets.reorganisations.schemas import UnitEnd, UnitLeadSet, UnitReorganise
from services.targets.units import service as units
from services.targets.units.models import Unit
from services.targets.units.rules import led_from, parted_leads, path_below

_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reorganisation did; `ended` and `successors` go together, parents first."""

    ended: Sequence[Unit]
    successors: Sequence[Unit]
    members: int
    jobs: Sequence[UUID]
    plans: Sequence[Opened]
    uses: Sequence[Use]


async def appoint_lead(work: Work, unit_id: UUID, data: UnitLeadSet) -> Unit:
    """Let a member, or nobody, lead a unit from a day on; raises NotFound, MemberUnknown, OwnerLeft, LeadHeld,
    UnitOutside."""
    before = await units.require_unit(work, unit_id, lock=True)
    units.check_there(before, data.start, data.start, "/from")
    if data.member_id is not None:
        await members.require_named_member(work, data.member_id, "/member_id")
    leads = led_from(before.leads, data.member_id, data.start)
    if before.valid_to is not None:
        leads, _ = parted_leads(leads, before.valid_to + _ONE)
    for given in leads:
        if given.member_id == data.member_id and given.covers(data.start):
            await members.check_stays(work, given.member_id, "/member_id", data.start, given.valid_to)
    one = units.led(work, before, leads)
    await units.change_units(work, [one], action="lead")
    return one.after


async def end_unit(work: Work, unit_id: UUID, data: UnitEnd) -> Unit:
    """Let a unit end with a day, after which nothing names it; who leads it then no longer does. Raises NotFound,
    UnitNotBegun, UnitEnded, UnitInUse."""
    await repository.take_turns(work.tx)
    before = await units.require_unit(work, unit_id, lock=True)
    check_end((before.valid_from, before.valid_to), before.successor_id, data.on)
    if uses := await repository.list_uses(work.tx, [unit_id], data.on):
        raise UnitInUse(uses)
    leads, _ = parted_leads(before.leads, data.on + _ONE)
    one = units.led(work, before, leads, valid_to=data.on)
    if one.changed:
        await units.change_units(work, [one], action="end")
    return one.after


async def reorganise_unit(work: Work, unit_id: UUID, data: UnitReorganise) -> Outcome:
    """Let a unit and all below it go on below another parent from a day on: each ends and has a successor, to which
    everybody moves who belongs to it from then on. What was credited, reported and planned before stays as it is.

    Raises NotFound, UnitUnknown, UnitOutside (the parent), UnitNotBegun, UnitEnded, UnitAlreadyThere, ParentInside,
    UnitCodes, UnitTooDeep, Taken (a code), AffectsPostedLines, and what open_plans raises.
    """
    await repository.take_turns(work.tx)
    old, parent = await _locked(work, unit_id, data)
    named = [(one.unit_id, one.code) for one in data.below]
    codes = codes_of({one.id: one.code for one in old}, named, (unit_id, data.code))
    new: dict[UUID, Unit] = {}
    for one in old:
        above = new.get(one.parent_id, parent) if one.parent_id is not None else parent
        new[one.id] = _successor(work, one, codes[one.id], above, data)
    eve = data.start - _ONE
    ended = [_ended(work, one, new[one.id], data) for one in old]
    await units.add_units(work, list(new.values()), action="reorganise")
    await units.change_units(work, ended, action="reorganise")
    moved, jobs = await members.reorganise_members(work, new, data.start, correction=data.correction)
    plans: Sequence[Opened] = ()
    if data.with_plan:
        plans = await open_plans(work, _moves(old, new, moved, data), f"{old[0].code} > {data.code}")
    uses = await repository.list_uses(work.tx, list(new), eve)
    return Outcome([one.after for one in ended], list(new.values()), len(moved), jobs, plans, uses)


async def _locked(work: Work, unit_id: UUID, data: UnitReorganise) -> tuple[list[Unit], Unit]:
    """A unit and all below it that go on, parents first, and the parent to be: nobody joins or changes them."""
    await units.require_unit(work, unit_id)
    ids = {one.id for one in await units.units_below(work, unit_id, data.start)} | {unit_id}
    held = await units.lock_units(work, ids | {data.new_parent_id})
    check_goes_on((held[unit_id].valid_from, held[unit_id].valid_to), held[unit_id].successor_id, data.start)
    old = await units.units_below(work, unit_id, data.start)
    if {one.id for one in old} != ids:
        raise LostRace
    for one in old:
        check_goes_on((one.valid_from, one.valid_to), one.successor_id, data.start)
    parent = held.get(data.new_parent_id)
    if parent is None:
        raise units.UnitUnknown("/new_parent_id")
    if parent.id in ids:
        raise ParentInside
    if parent.id == old[0].parent_id:
        raise UnitAlreadyThere
    units.check_there(parent, data.start, old[0].valid_to, "/new_parent_id")
    return old, parent


def _successor(work: Work, old: Unit, code: str, above: Unit, data: UnitReorganise) -> Unit:
    """What a unit goes on as below another one."""
    row = fresh()
    _, leads = parted_leads(old.leads, data.start)
    return Unit(
        **row,
        code=code,
        name=old.name,
        kind=old.kind,
        parent_id=above.id,
        path=tuple(path_below(above.path, row["id"])),
        valid_from=data.start,
        valid_to=old.valid_to,
        leads=leads,
        due_at=units.due_of(work, leads),
    )


def _ended(work: Work, old: Unit, new: Unit, data: UnitReorganise) -> Change[Unit]:
    leads, _ = parted_leads(old.leads, data.start)
    return units.led(work, old, leads, valid_to=data.start - _ONE, successor_id=new.id)


def _moves(old: Sequence[Unit], new: Mapping[UUID, Unit], moved: Sequence[Member], data: UnitReorganise) -> Reorganised:
    """As plans see it: where units and members go on, and which units above they leave."""
    successors = {one: Successor(unit.id, unit.code, unit.path) for one, unit in new.items()}
    by_id = {one.id: one for one in successors.values()}
    places = {
        member.id: by_id[each.unit_id]
        for member in moved
        for each in member.memberships
        if each.unit_id in by_id and (each.valid_to is None or each.valid_to > data.start)
    }
    left = frozenset(old[0].path[:-1]) - frozenset(new[old[0].id].path)
    return Reorganised(data.start, successors, places, left)
