"""Use cases of the decompositions: split a target into child targets that sum to it exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.events import outbox
from kit.records import fresh
from kit.security import audit
from kit.work import Work
from services.targets.decompositions import repository
from services.targets.decompositions.enums import PERIODS, Dimension, DriverKind
from services.targets.decompositions.models import Decomposition, DecompositionRow
from services.targets.decompositions.periods import split_period
from services.targets.decompositions.rules import Cell, Child, Driver, decompose
from services.targets.decompositions.schemas import ChildCreate, DecompositionCreate
from services.targets.events_out import DecompositionChild, TargetDecomposed
from services.targets.members import service as members
from services.targets.targets import service as targets
from services.targets.targets.models import Target
from services.targets.targets.rules import check_open
from services.targets.units import service as units


class ChildrenInvalid(Invalid):
    code, title = "children-invalid", "The children are not valid"


class DimensionFixed(Conflict):
    code, title = "dimension-fixed", "The target is about one value of this dimension already"


@dataclass(frozen=True, slots=True)
class Part:
    """A child before it has an amount: stable key, label, and the columns that its dimension narrows."""

    key: str
    label: str
    narrowed: Mapping[str, UUID | str | date]
    given: ChildCreate


async def add_decomposition(work: Work, target_id: UUID, data: DecompositionCreate) -> Decomposition:
    """Split a target; children of an active target are active at once.

    Raises NotFound, StateConflict (closed), DimensionFixed, ChildrenInvalid, DecompositionInvalid,
    DecompositionInfeasible.
    """
    target = await targets.require_target(work, target_id, lock=True)
    check_open(target.state)
    parts = await _parts(work, target, data.dimension, data.children)
    cells = decompose(target.amount, [_child(part) for part in parts], _drivers(data, parts))
    row = DecompositionRow(
        **fresh(),
        target_id=target_id,
        root_id=target.root_id,
        amount=target.amount,
        is_crediting=await _takes_crediting(work, target_id, data.is_crediting),
        **data.model_dump(include={"dimension", "drivers"}),
    )
    await repository.add_decomposition(work.tx, row)
    children = [_child_target(target, row.id, part, cell) for part, cell in zip(parts, cells, strict=True)]
    await _say(work, row, children, data)
    await targets.add_children(work, children)
    return await _require(work, target_id, row.id)


async def require_decomposition(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """A decomposition with its children; raises NotFound (the target, the decomposition)."""
    await targets.require_target(work, target_id)
    return await _require(work, target_id, decomposition_id)


async def _require(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    found = await repository.get_decomposition(work.tx, target_id, decomposition_id)
    if found is None:
        raise NotFound(what="decomposition")
    return found


async def _takes_crediting(work: Work, target_id: UUID, wanted: bool | None) -> bool:
    """Whether a new decomposition is the crediting one: the first unless it says otherwise, a later one on demand."""
    if wanted is None:
        return await repository.count_decompositions(work.tx, target_id) == 0
    if wanted:
        await repository.clear_crediting(work.tx, target_id)
    return wanted


def _child(part: Part) -> Child:
    return Child(part.key, part.given.locked, part.given.floor, part.given.cap)


def _drivers(data: DecompositionCreate, parts: Sequence[Part]) -> list[Driver]:
    weights = {part.key: part.given.weight for part in parts}
    return [
        Driver(driver.kind, driver.weight, weights if driver.kind is DriverKind.CUSTOM else {})
        for driver in data.drivers
    ]


def _refuse(index: int, field: str, code: str, detail: str) -> NoReturn:
    raise ChildrenInvalid(errors=[FieldError(f"/children/{index}/{field}", code, detail)])


async def _parts(work: Work, target: Target, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    """The children by what they narrow; each names exactly the field of its dimension, and once."""
    field = {Dimension.UNIT: "unit_id", Dimension.MEMBER: "member_id"}.get(dimension, "key")
    seen: set[object] = set()
    for index, child in enumerate(children):
        for name in ("key", "unit_id", "member_id"):
            if (getattr(child, name) is None) == (name == field):
                _refuse(index, name, "child-key", f"children by {dimension} are named by {field} alone")
        if getattr(child, field) in seen:
            _refuse(index, field, "repeated", "named twice")
        seen.add(getattr(child, field))
    if dimension in PERIODS:
        return _periods(target, dimension, children)
    if not children:
        raise ChildrenInvalid(errors=[FieldError("/children", "missing", f"name the children by {dimension}")])
    if dimension is Dimension.UNIT:
        return await _units(work, target, children)
    if getattr(target, "member_id" if dimension is Dimension.MEMBER else dimension) is not None:
        raise DimensionFixed
    if dimension is Dimension.MEMBER:
        return await _members(work, children)
    return [Part(key, key, {dimension.value: key}, child) for child in children if (key := child.key)]


def _periods(target: Target, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    periods = split_period(target.period_start, target.period_end, 1 if dimension is Dimension.MONTH else 3)
    known = {period.key for period in periods}
    for index, child in enumerate(children):
        if child.key not in known:
            _refuse(index, "key", "unknown-period", f"expected one of: {', '.join(sorted(known)[:24])}")
    given = {child.key: child for child in children}
    return [
        Part(one.key, one.key, {"period_start": one.first, "period_end": one.last}, given.get(one.key) or ChildCreate())
        for one in periods
    ]


async def _units(work: Work, target: Target, children: Sequence[ChildCreate]) -> list[Part]:
    known = await units.known_units(work, [child.unit_id for child in children if child.unit_id])
    parts = []
    for index, child in enumerate(children):
        unit = known.get(child.unit_id) if child.unit_id else None
        if unit is None:
            _refuse(index, "unit_id", "unknown-unit", "no such unit")
        if target.unit_id is not None and target.unit_id not in unit.path[:-1]:
            _refuse(index, "unit_id", "outside", "not below the unit of the target")
        parts.append(Part(str(unit.id), unit.code, {"unit_id": unit.id}, child))
    return parts


async def _members(work: Work, children: Sequence[ChildCreate]) -> list[Part]:
    known = await members.known_members(work, [child.member_id for child in children if child.member_id])
    parts = []
    for index, child in enumerate(children):
        if child.member_id is None or child.member_id not in known:
            _refuse(index, "member_id", "unknown-member", "no such member")
        parts.append(Part(str(child.member_id), known[child.member_id], {"member_id": child.member_id}, child))
    return parts


def _child_target(target: Target, decomposition_id: UUID, part: Part, cell: Cell) -> Target:
    """What the child does not say, and its dimension does not narrow, is that of the target."""
    own = {
        **fresh(),
        **part.narrowed,
        **part.given.model_dump(include={"weight", "locked", "floor", "cap", "reason"}),
        "parent_id": target.id,
        "decomposition_id": decomposition_id,
        "child_key": part.key,
        "name": part.given.name or f"{target.name} / {part.label}",
        "amount": cell.amount,
        "computed": cell.computed,
        "bound": cell.bound,
    }
    return target.model_copy(update=own)


async def _say(work: Work, row: DecompositionRow, children: Sequence[Target], data: DecompositionCreate) -> None:
    """Announce a decomposition; it is audited with its target."""
    named = [DecompositionChild(target_id=one.id, key=str(one.child_key), amount=one.amount) for one in children]
    await outbox.say(work, [(TargetDecomposed.of(row, children=named), row.version)])
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="decompose",
        resource="target",
        resource_id=str(row.target_id),
        before=None,
        after={"decomposition_id": str(row.id), **data.model_dump(mode="json", exclude={"children"})},
        key=work.secret,
    )
