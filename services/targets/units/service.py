"""Use cases of the units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid, Taken
from kit.records import Change, Resource, add, change, changed_row, fresh, record, require, taken
from kit.security.principals import reach_of
from kit.versions import Versions
from kit.work import Work
from services.targets.events_out import UnitChanged
from services.targets.units import repository
from services.targets.units.models import Unit
from services.targets.units.rules import Lead, Visible, is_there, lead_on, next_lead_day, path_below
from services.targets.units.schemas import UnitCreate, UnitUpdate


class UnitUnknown(Invalid):
    code, title = "unknown-unit", "The request names a unit that does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, "unknown-unit", "no such unit")])


class UnitOutside(Invalid):
    code, title = "unit-outside", "The unit is not there on all of these days"

    def __init__(self, unit: Unit, pointer: str) -> None:
        days = f"{unit.code} is there from {unit.valid_from or 'ever'} to {unit.valid_to or 'ever'}"
        super().__init__(errors=[FieldError(pointer, "unit-outside", days)])


_AUDITED = ("code", "name", "kind", "parent_id", "valid_from", "valid_to", "successor_id", "leads")
_TOLD = {"leads": "lead_id"}
"""What the event calls a field of the row."""


def _units(work: Work) -> Resource[Unit]:
    def said(one: Change[Unit]) -> UnitChanged:
        changed = [_TOLD.get(name, name) for name in one.changed if name != "due_at"]
        return UnitChanged.of(one.after, changed=changed, lead_id=lead_on(one.after.leads, work.today))

    return Resource("unit", Unit, said, audited=_AUDITED, unique=("code",))


async def require_unit(work: Work, unit_id: UUID, *, lock: bool = False) -> Unit:
    """A unit by id, locked on request; raises NotFound."""
    return await require(work, _units(work), unit_id, lock=lock)


async def require_named_unit(work: Work, unit_id: UUID, pointer: str, *, hold: bool = False) -> Unit:
    """The unit that a field of the body names, which does not end before the commit on request; raises UnitUnknown."""
    known = await (hold_units if hold else known_units)(work, [unit_id])
    if unit_id not in known:
        raise UnitUnknown(pointer)
    return known[unit_id]


async def known_units(work: Work, unit_ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Units by id; what is unknown is absent."""
    return {unit.id: unit for unit in await repository.list_by_id(work.tx, unit_ids)}


async def hold_units(work: Work, unit_ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Units by id, which neither end nor go elsewhere until the commit; what is unknown is absent. Units are locked
    before members."""
    return {unit.id: unit for unit in await repository.hold(work.tx, unit_ids)}


async def lock_units(work: Work, unit_ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Units by id, which nobody joins or changes until the commit; what is unknown is absent."""
    return {unit.id: unit for unit in await repository.lock(work.tx, unit_ids)}


async def units_below(work: Work, unit_id: UUID, on: date) -> list[Unit]:
    """A unit and all below it that have not ended by a day, parents first."""
    return await repository.list_below(work.tx, unit_id, on)


def check_there(unit: Unit, first: date, last: date | None, pointer: str) -> None:
    """A unit is there on all days from `first` to `last` (None: from then on). Raises UnitOutside."""
    if not is_there((unit.valid_from, unit.valid_to), first, last):
        raise UnitOutside(unit, pointer)


def check_meets(unit: Unit, first: date, last: date, pointer: str) -> None:
    """A unit is there on some day from `first` to `last`. Raises UnitOutside."""
    is_over = unit.valid_to is not None and unit.valid_to < first
    if is_over or (unit.valid_from is not None and last < unit.valid_from):
        raise UnitOutside(unit, pointer)


async def visible_to(work: Work) -> Visible:
    """What the actor sees of results; a manager's units are those that they lead or belong to today, what these were
    before, and all below them."""
    scope = await work.scope()
    if scope.everything:
        return Visible(everything=True)
    if reach_of(work.actor, work.reaches) != "subtree":
        return Visible(False, scope.members)
    units = await repository.list_units_led(work.tx, work.actor.subject, work.today)
    inside = await repository.list_inside(work.tx, units, work.today)
    return Visible(False, tuple({*scope.members, *inside}), tuple(units))


async def add_unit(work: Work, data: UnitCreate) -> Unit:
    """Make a unit; raises UnitUnknown (parent), UnitOutside, UnitTooDeep, Taken."""
    parent = None
    if data.parent_id is not None:
        parent = await require_named_unit(work, data.parent_id, "/parent_id", hold=True)
    return await add(work, _units(work), new_unit(parent, data))


def new_unit(parent: Unit | None, data: UnitCreate) -> Unit:
    """A unit below another, as long as that is there. Raises UnitOutside, UnitTooDeep."""
    row = fresh()
    path = path_below(parent.path if parent else (), row["id"])
    first = data.valid_from or (parent.valid_from if parent else None)
    if parent is not None:
        check_there(parent, first or date.min, None, "/parent_id")
    return Unit(**row, **{**data.model_dump(), "valid_from": first}, path=tuple(path))


async def add_units(work: Work, units: Sequence[Unit], *, action: str) -> None:
    """Write and announce new units, parents first; raises Taken."""
    if not await repository.add_units(work.tx, units):
        raise await _taken(work, units)
    await record(work, _units(work), [Change(None, unit) for unit in units], action=action)


async def _taken(work: Work, units: Sequence[Unit]) -> Exception:
    found = [await taken(work, _units(work), unit) for unit in units]
    return next((each for each in found if isinstance(each, Taken)), found[0])


async def change_units(work: Work, changes: Sequence[Change[Unit]], *, action: str, reason: str = "") -> None:
    """Write and announce changes of units that are locked."""
    await repository.write_units(work.tx, [one.after for one in changes])
    await record(work, _units(work), changes, action=action, reason=reason)


async def update_unit(work: Work, unit_id: UUID, version: Versions, data: UnitUpdate) -> Unit:
    """Change name or kind; raises NotFound, VersionMismatch."""
    before = await require(work, _units(work), unit_id, version=version)
    return await change(work, _units(work), before, data.given(), action="update")


def led(work: Work, before: Unit, leads: Sequence[Lead], **more: object) -> Change[Unit]:
    """A unit with other leads, due when the next of them begins or ends."""
    return changed_row(before, {"leads": tuple(leads), "due_at": due_of(work, leads), **more})


def due_of(work: Work, leads: Sequence[Lead]) -> datetime | None:
    """When the next of these leads begins or ends."""
    day = next_lead_day(leads, work.today)
    return None if day is None else clock.start_of_day(work.settings.timezone, day)


async def tell_leads(work: Work, units: Sequence[Unit]) -> None:
    """Say who leads units on whose day that changes."""
    changes = [led(work, unit, unit.leads) for unit in units]
    told = [one._replace(changed=("leads",)) for one in changes]
    await change_units(work, told, action="lead")
