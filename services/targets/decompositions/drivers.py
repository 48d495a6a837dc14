"""The drivers of a decomposition with their values: given with the children, or derived from what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.enums import Basis
from services.targets.day_profiles.rules import DayProfile
from services.targets.day_profiles.service import Scope, profile_of
from services.targets.decompositions.children import Part
from services.targets.decompositions.enums import BY_TIME, PERIODS, DriverKind
from services.targets.decompositions.models import DriverPart, ProfileWeights
from services.targets.decompositions.rules import DecompositionInvalid, Driver, Values
from services.targets.decompositions.schemas import DecompositionCreate
from services.targets.targets.models import Target


class Mixed(NamedTuple):
    """A driver as the split takes it, and as the decomposition keeps it."""

    driver: Driver
    part: DriverPart


async def mix_of(work: Work, target: Target, data: DecompositionCreate, parts: Sequence[Part]) -> list[Mixed]:
    """The drivers of the body with their values. Raises DecompositionInvalid (one by time in another dimension)."""
    mixed = []
    for one in data.drivers:
        if one.kind in BY_TIME and data.dimension not in PERIODS:
            raise DecompositionInvalid(f"driver {one.kind} splits by time, not by {data.dimension}")
        values, profile = await _values(work, target, one.kind, parts)
        part = DriverPart(kind=one.kind, weight=one.weight, **_kept(profile))
        mixed.append(Mixed(Driver(one.kind, one.weight, values), part))
    return mixed


def _kept(profile: DayProfile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    weights = ProfileWeights(classes=tuple(profile.classes), months=tuple(profile.months))
    return {"basis": profile.basis, "profile": None if profile.basis is Basis.WORKING_DAYS else weights}


async def _values(
    work: Work, target: Target, kind: DriverKind, parts: Sequence[Part]
) -> tuple[Values, DayProfile | None]:
    periods = [part.period for part in parts if part.period is not None]
    match kind:
        case DriverKind.EQUAL:
            return {}, None
        case DriverKind.CUSTOM:
            return {part.key: part.given.weight for part in parts}, None
        case DriverKind.WORKING_DAYS:
            calendar = await company_calendar(work)
            return {one.key: working_days(calendar, one.first, one.last) for one in periods}, None
        case DriverKind.SEASONALITY:
            calendar = await company_calendar(work)
            scope = Scope(target.unit_id, target.member_id, target.product_line, target.region, target.customer_type)
            profile = await profile_of(work, calendar, scope, target.period_start)
            return {one.key: profile.weight(calendar, one.first, one.last) for one in periods}, profile
