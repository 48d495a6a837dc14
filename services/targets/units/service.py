"""Use cases of the units."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.records import Change, Resource, add, change, fresh, require
from kit.security.principals import reach_of
from kit.versions import Versions
from kit.work import Work
from services.targets.events_out import UnitChanged
from services.targets.units import repository
from services.targets.units.models import Unit
from services.targets.units.rules import Visible, path_below
from services.targets.units.schemas import UnitCreate, UnitUpdate


class UnitUnknown(Invalid):
    code, title = "unknown-unit", "The request names a unit that does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, "unknown-unit", "no such unit")])


def _said(one: Change[Unit]) -> UnitChanged:
    return UnitChanged.of(one.after, changed=one.changed)


UNITS = Resource("unit", Unit, _said, audited=("code", "name", "kind", "parent_id"), unique=("code",))


async def require_unit(work: Work, unit_id: UUID) -> Unit:
    """A unit by id; raises NotFound."""
    return await require(work, UNITS, unit_id)


async def require_named_unit(work: Work, unit_id: UUID, pointer: str) -> Unit:
    """The unit that a field of the body names; raises UnitUnknown."""
    known = await known_units(work, [unit_id])
    if unit_id not in known:
        raise UnitUnknown(pointer)
    return known[unit_id]


async def known_units(work: Work, unit_ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Units by id; what is unknown is absent."""
    return {unit.id: unit for unit in await repository.list_by_id(work.tx, unit_ids)}


async def visible_to(work: Work) -> Visible:
    """What the actor sees of results; a manager's units are those of today and all below them."""
    scope = await work.scope()
    if scope.everything:
        return Visible(everything=True)
    units: list[UUID] = []
    if reach_of(work.actor, work.reaches) == "subtree":
        units = await repository.list_units_led(work.tx, work.actor.subject, work.today)
    return Visible(False, scope.members, tuple(units))


async def add_unit(work: Work, data: UnitCreate) -> Unit:
    """Make a unit; raises UnitUnknown (parent), UnitTooDeep, Taken."""
    parent = None if data.parent_id is None else await require_named_unit(work, data.parent_id, "/parent_id")
    row = fresh()
    path = path_below(parent.path if parent else (), row["id"])
    return await add(work, UNITS, Unit(**row, **data.model_dump(), path=tuple(path)))


async def update_unit(work: Work, unit_id: UUID, version: Versions, data: UnitUpdate) -> Unit:
    """Change name or kind; raises NotFound, VersionMismatch."""
    before = await require(work, UNITS, unit_id, version=version)
    return await change(work, UNITS, before, data.given(), action="update")
