"""The children of a decomposition before they have amounts: known, apart from each other, inside the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn
from uuid import UUID

from kit.db.text_keys import fold_code
from kit.errors import Conflict, FieldError, Invalid
from kit.regions import check_region
from kit.work import Work
from services.targets.channels.service import known_channels
from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.periods import Period, periods_of
from services.targets.decompositions.rules import nested
from services.targets.decompositions.schemas import ChildCreate
from services.targets.members import service as members
from services.targets.products import service as products
from services.targets.targets.models import Target
from services.targets.targets.rules import CUSTOMER_TYPES
from services.targets.targets.service import known_types
from services.targets.units import service as units


class ChildrenInvalid(Invalid):
    code, title = "children-invalid", "The children are not valid"


class ChildNotHeardYet(ChildrenInvalid):
    """A product line or a channel that channels may still tell of."""

    retryable = True


class DimensionFixed(Conflict):
    code, title = "dimension-fixed", "The target is about one value of this dimension already"


@dataclass(frozen=True, slots=True)
class Part:
    """A child before it has an amount: stable key, label, and the columns that its dimension narrows; by time also its
    period."""

    key: str
    label: str
    narrowed: Mapping[str, UUID | str | date]
    given: ChildCreate
    period: Period | None = None


_FIELDS = {Dimension.MEMBER: "member_id", Dimension.CHANNEL: "channel_id"}
"""Fields of a target that do not have the name of their dimension."""


def _refuse(index: int, field: str, code: str, detail: str) -> NoReturn:
    raise ChildrenInvalid(errors=[FieldError(f"/children/{index}/{field}", code, detail)])


async def parts_of(work: Work, target: Target, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    """The children by what they narrow; each names exactly the field of its dimension, and once.

    Raises DimensionFixed, ChildrenInvalid (also for children that overlap, lie outside of the target or name a value
    that is unknown).
    """
    field = {Dimension.UNIT: "unit_id", Dimension.MEMBER: "member_id"}.get(dimension, "key")
    seen: set[object] = set()
    for index, child in enumerate(children):
        for name in ("key", "unit_id", "member_id"):
            if (getattr(child, name) is None) == (name == field):
                _refuse(index, name, "child-key", f"children by {dimension} are named by {field} alone")
        named = fold_code(child.key) if child.key is not None else getattr(child, field)
        if named in seen:
            _refuse(index, field, "repeated", "named twice")
        seen.add(named)
    if dimension in PERIODS:
        return _periods(target, dimension, children)
    if not children:
        raise ChildrenInvalid(errors=[FieldError("/children", "missing", f"name the children by {dimension}")])
    if dimension is Dimension.UNIT:
        return await _units(work, target, children)
    if getattr(target, _FIELDS.get(dimension, dimension)) is not None:
        raise DimensionFixed
    if dimension is Dimension.MEMBER:
        return await _members(work, target, children)
    if dimension is Dimension.CHANNEL:
        return await _channels(work, children)
    return await _values(work, dimension, children)


async def fitting(
    work: Work, target: Target, dimension: Dimension, children: Sequence[ChildCreate]
) -> list[ChildCreate]:
    """Those of the children that lie inside a target: a level of a cascade names the children of all its leaves. What
    is unknown stays, to be refused."""
    if dimension in PERIODS:
        inside = {period.key for period in periods_of(dimension, target.period_start, target.period_end)}
        return [child for child in children if child.key in inside]
    if dimension is Dimension.UNIT:
        known = await units.known_units(work, [child.unit_id for child in children if child.unit_id])
        paths = {unit.id: unit.path[:-1] for unit in known.values()}
        return [one for one in children if one.unit_id not in paths or target.unit_id in (None, *paths[one.unit_id])]
    ids = [child.member_id for child in children if child.member_id]
    if dimension is Dimension.MEMBER and target.unit_id is None:
        left = await members.left_members(work, ids, target.period_start)
        return [child for child in children if child.member_id not in left]
    if dimension is Dimension.MEMBER:
        known_ids, held = await members.known_members(work, ids), await _held(work, target, ids)
        return [
            one
            for one in children
            if one.member_id is None or one.member_id not in known_ids or target.unit_id in held.get(one.member_id, ())
        ]
    return list(children)


def _periods(target: Target, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    periods = periods_of(dimension, target.period_start, target.period_end)
    known = {period.key for period in periods}
    for index, child in enumerate(children):
        if child.key not in known:
            _refuse(index, "key", "unknown-period", f"expected one of: {', '.join(sorted(known)[:24])}")
    given = {child.key: child for child in children}
    return [
        Part(
            one.key,
            one.key,
            {"period_start": one.first, "period_end": one.last},
            given.get(one.key) or ChildCreate(),
            one,
        )
        for one in periods
    ]


async def _units(work: Work, target: Target, children: Sequence[ChildCreate]) -> list[Part]:
    known = await units.known_units(work, [child.unit_id for child in children if child.unit_id])
    member_id = target.member_id
    held = await _held(work, target, [member_id]) if member_id else {}
    found = []
    for index, child in enumerate(children):
        unit = known.get(child.unit_id) if child.unit_id else None
        if unit is None:
            _refuse(index, "unit_id", "unknown-unit", "no such unit")
        if target.unit_id is not None and target.unit_id not in unit.path[:-1]:
            _refuse(index, "unit_id", "outside", f"{unit.code} is not below the unit of the target")
        units.check_meets(unit, target.period_start, target.period_end, f"/children/{index}/unit_id")
        if member_id is not None and unit.id not in held.get(member_id, ()):
            _refuse(index, "unit_id", "outside", f"the member of the target is never inside {unit.code}")
        found.append(unit)
    if pair := nested([unit.path for unit in found]):
        above, below = pair
        detail = f"{found[below].code} is inside {found[above].code}: their results would count twice"
        raise ChildrenInvalid(
            errors=[FieldError(f"/children/{index}/unit_id", "overlapping", detail) for index in sorted(pair)]
        )
    return [
        Part(str(unit.id), unit.code, {"unit_id": unit.id}, child) for unit, child in zip(found, children, strict=True)
    ]


async def _members(work: Work, target: Target, children: Sequence[ChildCreate]) -> list[Part]:
    ids = [child.member_id for child in children if child.member_id]
    known = await members.known_members(work, ids)
    held = await _held(work, target, ids) if target.unit_id else {}
    left = await members.left_members(work, ids, target.period_start)
    parts = []
    for index, child in enumerate(children):
        if child.member_id is None or child.member_id not in known:
            _refuse(index, "member_id", "unknown-member", "no such member")
        code = known[child.member_id]
        if target.unit_id is not None and target.unit_id not in held.get(child.member_id, ()):
            unit = (await units.known_units(work, [target.unit_id]))[target.unit_id]
            _refuse(index, "member_id", "outside", f"{code} is inside {unit.code} on no day of the period")
        if child.member_id in left:
            _refuse(index, "member_id", members.OwnerLeft.code, f"{code} has left before the period begins")
        parts.append(Part(str(child.member_id), code, {"member_id": child.member_id}, child))
    return parts


async def _held(work: Work, target: Target, ids: Sequence[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    return await members.units_of(work, ids, target.period_start, target.period_end)


async def _channels(work: Work, children: Sequence[ChildCreate]) -> list[Part]:
    """Channels by their ids."""
    parts = []
    for index, child in enumerate(children):
        try:
            channel_id = UUID(child.key)
        except ValueError:
            _refuse(index, "key", "unknown-channel", "expected the id of a channel")
        if str(channel_id) != str(child.key).lower():
            _refuse(index, "key", "unknown-channel", "expected the id of a channel")
        parts.append(Part(str(channel_id), str(channel_id), {"channel_id": channel_id}, child))
    known = await known_channels(work, {UUID(part.key) for part in parts})
    for index, part in enumerate(parts):
        if UUID(part.key) not in known:
            unheard = FieldError(f"/children/{index}/key", "unknown-channel", "no such channel")
            raise ChildNotHeardYet(errors=[unheard])
    return parts


async def _values(work: Work, dimension: Dimension, children: Sequence[ChildCreate]) -> list[Part]:
    keys = [key for child in children if (key := child.key)]
    lines = await products.known_lines(work, keys) if dimension is Dimension.PRODUCT_LINE else {}
    types = await known_types(work, keys) if dimension is Dimension.CUSTOMER_TYPE else frozenset[str]()
    for index, key in enumerate(keys):
        if dimension is Dimension.REGION and (problem := check_region(key)):
            _refuse(index, "key", "unknown-region", problem)
        if dimension is Dimension.PRODUCT_LINE and (problem := products.line_problem(lines, key)):
            raise ChildNotHeardYet(errors=[FieldError(f"/children/{index}/key", "unknown-product-line", problem)])
        if dimension is Dimension.CUSTOMER_TYPE and key not in types:
            _refuse(index, "key", "unknown-customer-type", f"expected one of: {', '.join(sorted(CUSTOMER_TYPES))}")
    return [Part(key, key, {dimension.value: key}, child) for key, child in zip(keys, children, strict=True)]
