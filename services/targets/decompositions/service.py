"""Use cases of the decompositions: split a target into child targets that sum to it exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.events.outbox import Fact, announce
from kit.ids import new_id
from kit.security import audit
from kit.security.principals import Actor
from services.targets.access import Visible
from services.targets.decompositions import repository
from services.targets.decompositions.enums import LABELS, PERIODS, Dimension, DriverKind
from services.targets.decompositions.periods import split_period
from services.targets.decompositions.rules import Cell, Child, Driver, decompose
from services.targets.decompositions.schemas import ChildCreate, DecompositionCreate
from services.targets.events_out import DecompositionChild, TargetDecomposed
from services.targets.members.repository import get_codes
from services.targets.targets.enums import TargetState
from services.targets.targets.repository import add_targets
from services.targets.targets.rules import TargetStateConflict
from services.targets.targets.service import announce_active, require_locked, require_visible
from services.targets.units.repository import get_units

SERVICE = "targets"


class DecompositionNotFound(NotFound):
    code, title = "decomposition-not-found", "No such decomposition of the target"


class ChildrenInvalid(Invalid):
    code, title = "children-invalid", "The children are not valid"


class DimensionFixed(Conflict):
    code, title = "dimension-fixed", "The target is about one value of this dimension already"


@dataclass(frozen=True, slots=True)
class Part:
    """A child before it has an amount: stable key, label, and the columns that its dimension narrows."""

    key: str
    label: str
    narrowed: Mapping[str, Any]
    given: ChildCreate


async def add_decomposition(
    tx: Tx, actor: Actor, target_id: UUID, data: DecompositionCreate, visible: Visible, secret: bytes
) -> dict[str, Any]:
    """Split a target; children of an active target are active at once.

    Raises TargetNotFound, TargetStateConflict (closed), DimensionFixed, ChildrenInvalid, DecompositionInvalid,
    DecompositionInfeasible.
    """
    target = await require_locked(tx, target_id, visible)
    if target["state"] == TargetState.CLOSED:
        raise TargetStateConflict("the target is closed")
    parts = await _parts(tx, target, data.dimension, data.children)
    cells = decompose(target["amount"], [_child(part) for part in parts], _drivers(data, parts))
    crediting = data.is_crediting
    if crediting is None:
        crediting = await repository.count_decompositions(tx, target_id) == 0
    elif crediting:
        await repository.clear_crediting(tx, target_id)
    decomposition_id, now = new_id(), clock.now()
    row = {
        "id": decomposition_id,
        "target_id": target_id,
        "root_id": target["root_id"],
        "dimension": data.dimension,
        "amount": target["amount"],
        "children_sum": 0,
        "drivers": [driver.model_dump(mode="json") for driver in data.drivers],
        "is_crediting": crediting,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    await repository.add_decomposition(tx, row)
    children = [
        _child_row(target, decomposition_id, part, cell) | {"created_at": now, "updated_at": now}
        for part, cell in zip(parts, cells, strict=True)
    ]
    await add_targets(tx, children)
    await _announce(tx, row, children)
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action="decompose",
        resource="target",
        resource_id=str(target_id),
        before=None,
        after={"decomposition_id": str(decomposition_id), **data.model_dump(mode="json", exclude={"children"})},
        key=secret,
    )
    return await read_decomposition(tx, target_id, decomposition_id, visible)


async def read_decomposition(tx: Tx, target_id: UUID, decomposition_id: UUID, visible: Visible) -> dict[str, Any]:
    """A decomposition with its children. Raises TargetNotFound, DecompositionNotFound."""
    await require_visible(tx, target_id, visible)
    row = await repository.get_decomposition(tx, target_id, decomposition_id)
    if row is None:
        raise DecompositionNotFound
    return {**dict(row), "children": [dict(child) for child in await repository.list_children(tx, decomposition_id)]}


def _child(part: Part) -> Child:
    return Child(part.key, part.given.locked, part.given.floor, part.given.cap)


def _drivers(data: DecompositionCreate, parts: Sequence[Part]) -> list[Driver]:
    weights = {part.key: part.given.weight for part in parts}
    return [
        Driver(driver.kind, driver.weight, weights if driver.kind is DriverKind.CUSTOM else {})
        for driver in data.drivers
    ]


def _invalid(index: int, field: str, code: str, detail: str) -> ChildrenInvalid:
    return ChildrenInvalid(errors=[FieldError(f"/children/{index}/{field}", code, detail)])


async def _parts(tx: Tx, target: Row, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    """The children by what they narrow; each names exactly the field of its dimension, and once."""
    field = {Dimension.UNIT: "unit_id", Dimension.MEMBER: "member_id"}.get(dimension, "key")
    seen: set[object] = set()
    for index, child in enumerate(children):
        for name in ("key", "unit_id", "member_id"):
            if (getattr(child, name) is None) == (name == field):
                raise _invalid(index, name, "child-key", f"children by {dimension} are named by {field} alone")
        if getattr(child, field) in seen:
            raise _invalid(index, field, "repeated", "named twice")
        seen.add(getattr(child, field))
    if dimension in PERIODS:
        return _periods(target, dimension, children)
    if not children:
        raise ChildrenInvalid(errors=[FieldError("/children", "missing", f"name the children by {dimension}")])
    if dimension is Dimension.UNIT:
        return await _units(tx, target, children)
    if target["member_id" if dimension is Dimension.MEMBER else dimension] is not None:
        raise DimensionFixed
    if dimension in LABELS:
        return [Part(str(child.key), str(child.key), {dimension.value: child.key}, child) for child in children]
    return await _members(tx, children)


def _periods(target: Row, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    periods = split_period(target["period_start"], target["period_end"], 1 if dimension is Dimension.MONTH else 3)
    known = {period.key for period in periods}
    for index, child in enumerate(children):
        if child.key not in known:
            raise _invalid(index, "key", "unknown-period", f"expected one of: {', '.join(sorted(known)[:24])}")
    given = {child.key: child for child in children}
    return [
        Part(
            period.key,
            period.key,
            {"period_start": period.first, "period_end": period.last},
            given.get(period.key) or ChildCreate(key=period.key),
        )
        for period in periods
    ]


async def _units(tx: Tx, target: Row, children: Sequence[ChildCreate]) -> list[Part]:
    known = await get_units(tx, [child.unit_id for child in children if child.unit_id])
    parts = []
    for index, child in enumerate(children):
        unit = known.get(child.unit_id) if child.unit_id else None
        if unit is None:
            raise _invalid(index, "unit_id", "unknown-unit", "no such unit")
        if target["unit_id"] is not None and target["unit_id"] not in unit["path"][:-1]:
            raise _invalid(index, "unit_id", "outside", "not below the unit of the target")
        parts.append(Part(str(child.unit_id), unit["code"], {"unit_id": child.unit_id}, child))
    return parts


async def _members(tx: Tx, children: Sequence[ChildCreate]) -> list[Part]:
    known = await get_codes(tx, [child.member_id for child in children if child.member_id])
    parts = []
    for index, child in enumerate(children):
        if child.member_id is None or child.member_id not in known:
            raise _invalid(index, "member_id", "unknown-member", "no such member")
        parts.append(Part(str(child.member_id), known[child.member_id], {"member_id": child.member_id}, child))
    return parts


_INHERITED = (
    "root_id", "metric", "state", "currency", "period_start", "period_end", "unit_id", "member_id", "product_line",
    "region", "customer_type",
)  # fmt: skip


def _child_row(target: Row, decomposition_id: UUID, part: Part, cell: Cell) -> dict[str, Any]:
    given = part.given
    return {
        **{name: target[name] for name in _INHERITED},
        **part.narrowed,
        "id": new_id(),
        "parent_id": target["id"],
        "decomposition_id": decomposition_id,
        "child_key": part.key,
        "name": given.name or f"{target['name']} / {part.label}",
        "amount": cell.amount,
        "computed": cell.computed,
        "weight": given.weight,
        "locked": given.locked,
        "floor": given.floor,
        "cap": given.cap,
        "bound": cell.bound,
        "reason": given.reason,
        "version": 1,
    }


async def _announce(tx: Tx, row: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> None:
    payload = TargetDecomposed(
        id=row["id"],
        target_id=row["target_id"],
        root_id=row["root_id"],
        dimension=str(row["dimension"]),
        amount=row["amount"],
        children=[
            DecompositionChild(target_id=child["id"], key=child["child_key"], amount=child["amount"])
            for child in children
        ],
        version=1,
    )
    await announce(tx, SERVICE, [Fact(TargetDecomposed.TYPE, row["id"], row["root_id"], 1, payload)])
    if children[0]["state"] == TargetState.ACTIVE:
        await announce_active(tx, children, [])
