"""Use cases of the units."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.events.outbox import Fact, announce
from kit.ids import new_id
from kit.security import audit
from kit.security.principals import Actor
from kit.versions import Versions
from services.targets.events_out import ORGANISATION_KEY, UnitChanged
from services.targets.units import repository
from services.targets.units.models import Unit
from services.targets.units.rules import path_below
from services.targets.units.schemas import UnitCreate, UnitUpdate

SERVICE = "targets"


class UnitNotFound(NotFound):
    code, title = "unit-not-found", "No such unit"


class UnitCodeTaken(Conflict):
    code, title = "unit-code-taken", "A unit with this code exists"


class UnitUnknown(Invalid):
    code, title = "unknown-unit", "The request names a unit that does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, "unknown-unit", "no such unit")])


class NothingToChange(Invalid):
    code, title = "nothing-to-change", "Name at least one field"


async def require_unit(tx: Tx, unit_id: UUID) -> Row:
    """The unit's row; raises UnitNotFound."""
    row = await repository.get_unit(tx, unit_id)
    if row is None:
        raise UnitNotFound
    return row


async def add_unit(tx: Tx, actor: Actor, data: UnitCreate, secret: bytes) -> Row:
    """Make a unit. Raises UnitUnknown (parent), UnitTooDeep, UnitCodeTaken with the id of the one that has it."""
    parent_path: list[UUID] = []
    if data.parent_id is not None:
        parent = await repository.get_unit(tx, data.parent_id)
        if parent is None:
            raise UnitUnknown("/parent_id")
        parent_path = parent["path"]
    unit_id, now = new_id(), clock.now()
    row = {
        "id": unit_id,
        **data.model_dump(),
        "path": path_below(parent_path, unit_id),
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    if not await repository.add_unit(tx, row):
        existing = await repository.get_unit_id(tx, data.code)
        raise UnitCodeTaken(extra={"id": str(existing)})
    unit = await require_unit(tx, unit_id)
    await _announce(tx, unit, [])
    await _record(tx, actor, "create", unit_id, None, data.model_dump(mode="json"), secret)
    return unit


async def update_unit(tx: Tx, actor: Actor, unit_id: UUID, version: Versions, data: UnitUpdate, secret: bytes) -> Row:
    """Change name or kind. Raises UnitNotFound, NothingToChange, VersionMismatch."""
    before = await repository.get_unit(tx, unit_id, lock=True)
    if before is None:
        raise UnitNotFound
    version.check(before["version"])
    changes: dict[str, Any] = data.model_dump(mode="json", exclude_unset=True)
    if not changes:
        raise NothingToChange
    await update_row(tx, Unit, unit_id, before["version"], {**changes, "updated_at": clock.now()})
    unit = await require_unit(tx, unit_id)
    await _announce(tx, unit, sorted(changes))
    await _record(tx, actor, "update", unit_id, {name: before[name] for name in changes}, changes, secret)
    return unit


async def _announce(tx: Tx, unit: Row, changed: list[str]) -> None:
    fields = {name: unit[name] for name in UnitChanged.model_fields if name in unit}
    payload = UnitChanged(**fields, changed=changed)
    await announce(tx, SERVICE, [Fact(UnitChanged.TYPE, unit["id"], ORGANISATION_KEY, unit["version"], payload)])


async def _record(
    tx: Tx, actor: Actor, action: str, unit_id: UUID, before: Any, after: dict[str, Any], secret: bytes
) -> None:
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action=action,
        resource="unit",
        resource_id=str(unit_id),
        before=before,
        after=after,
        key=secret,
    )
