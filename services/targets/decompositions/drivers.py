"""The drivers of a decomposition with their values: given with the children, or derived from what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.enums import Basis
from services.targets.day_profiles.rules import DayProfile, end_year_earlier, years_before
from services.targets.day_profiles.service import Scope, profile_of
from services.targets.decompositions import repository
from services.targets.decompositions.capacities import capacity_values
from services.targets.decompositions.children import Part
from services.targets.decompositions.enums import BY_TIME, PERIODS, Dimension, DriverKind
from services.targets.decompositions.models import DriverPart, ProfileWeights
from services.targets.decompositions.potentials import MarketScope, potentials_of
from services.targets.decompositions.rules import DecompositionInvalid, Driver, Values, earlier_values, grown_values
from services.targets.decompositions.schemas import DriverCreate, DriverParams
from services.targets.decompositions.workforce import Asked as Worked
from services.targets.targets.models import Target

WORKED = frozenset({Dimension.UNIT, Dimension.MEMBER, *PERIODS})
"""Along what those who sell, or their days, differ."""
SCOPE = ("unit_id", "member_id", "product_line", "region", "customer_type", "channel_id")


class Mixed(NamedTuple):
    """A driver as the split takes it, and as the decomposition keeps it."""

    driver: Driver
    part: DriverPart


class Asked(NamedTuple):
    """What is split, and into what."""

    target: Target
    dimension: Dimension
    parts: Sequence[Part]


async def mix_of(work: Work, asked: Asked, drivers: Sequence[DriverCreate]) -> list[Mixed]:
    """The drivers with their values. Raises DecompositionInvalid (one by time in another dimension, parameters of
    another driver), DriverDataInsufficient."""
    mixed = []
    for one in drivers:
        if one.kind in BY_TIME and asked.dimension not in PERIODS:
            raise DecompositionInvalid(f"driver {one.kind} splits by time, not by {asked.dimension}")
        if one.kind is DriverKind.MARKET_POTENTIAL and asked.dimension in PERIODS:
            raise DecompositionInvalid(f"driver {one.kind} does not split by time")
        if one.kind is DriverKind.CAPACITY and asked.dimension not in WORKED:
            raise DecompositionInvalid(f"driver {one.kind} splits by unit, member or time, not by {asked.dimension}")
        check_params(one)
        values, profile = await _values(work, asked, one)
        mixed.append(Mixed(Driver(one.kind, one.weight, values), part_of(one, profile)))
    return mixed


def check_params(one: DriverCreate) -> None:
    """A driver has the parameters of its kind only. Raises DecompositionInvalid."""
    given = one.params or DriverParams()
    if (given.first is None) != (given.last is None):
        raise DecompositionInvalid(f"driver {one.kind} needs both from and to")
    if given.first is not None and given.last is not None:
        if one.kind is not DriverKind.HISTORICAL_SHARE:
            raise DecompositionInvalid(f"driver {one.kind} takes no period")
        if given.last < given.first:
            raise DecompositionInvalid(f"the period of driver {one.kind} ends before it starts")
    if given.metric is not None and one.kind is not DriverKind.HISTORICAL_SHARE:
        raise DecompositionInvalid(f"driver {one.kind} takes no metric")
    if given.step and one.kind is not DriverKind.GROWTH_UNIFORM:
        raise DecompositionInvalid(f"driver {one.kind} takes no step")
    if given.ramp is not None and one.kind is not DriverKind.CAPACITY:
        raise DecompositionInvalid(f"driver {one.kind} takes no ramp")


def part_of(one: DriverCreate, profile: DayProfile | None) -> DriverPart:
    """A driver as it is kept, with the profile that its values rest on."""
    params = None if one.params is None else one.params.model_dump(mode="json", by_alias=True, exclude_none=True)
    return DriverPart(kind=one.kind, weight=one.weight, params=params, **_kept(profile))


def _kept(profile: DayProfile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    weights = ProfileWeights(classes=tuple(profile.classes), months=tuple(profile.months))
    return {"basis": profile.basis, "profile": None if profile.basis is Basis.WORKING_DAYS else weights}


async def _values(work: Work, asked: Asked, one: DriverCreate) -> tuple[Values, DayProfile | None]:
    target, parts = asked.target, asked.parts
    periods = [part.period for part in parts if part.period is not None]
    is_by_time = asked.dimension in PERIODS
    match one.kind:
        case DriverKind.EQUAL:
            return {}, None
        case DriverKind.CUSTOM:
            return {part.key: part.given.weight for part in parts}, None
        case DriverKind.HISTORICAL_SHARE:
            results = await _earlier(work, asked, one.params)
            return earlier_values(one.kind, results, is_by_time=is_by_time), None
        case DriverKind.GROWTH_UNIFORM:
            known = earlier_values(one.kind, await _earlier(work, asked, None), is_by_time=is_by_time)
            growth = {part.key: part.given.growth or 0 for part in parts}
            step = one.params.step if one.params and is_by_time else 0
            return grown_values(known, growth, step), None
        case DriverKind.MARKET_POTENTIAL:
            scopes = [MarketScope(part.key, **_own_scope(target, part)) for part in parts]
            return await potentials_of(work, one.kind, scopes, target.period_start, target.period_end), None
        case DriverKind.CAPACITY:
            whose = [_worked(target, part) for part in parts]
            return await capacity_values(work, one.kind, target, whose, ramp_of(one), is_by_time=is_by_time), None
        case DriverKind.WORKING_DAYS:
            calendar = await company_calendar(work)
            return {each.key: working_days(calendar, each.first, each.last) for each in periods}, None
        case DriverKind.SEASONALITY:
            calendar = await company_calendar(work)
            scope = Scope(**{name: getattr(target, name) for name in SCOPE}, metric=target.metric)
            profile = await profile_of(work, calendar, scope, target.period_start)
            return {each.key: profile.weight(calendar, each.first, each.last) for each in periods}, profile


def ramp_of(one: DriverCreate) -> Sequence[int]:
    """The shares of a driver by 30 days since the join."""
    return (one.params.ramp if one.params else None) or ()


def _worked(target: Target, part: Part) -> Worked:
    scope, period = _own_scope(target, part), part.period
    first, last = (target.period_start, target.period_end) if period is None else (period.first, period.last)
    return Worked(part.key, scope["unit_id"], scope["member_id"], first, last)


async def _earlier(work: Work, asked: Asked, params: DriverParams | None) -> Mapping[str, int]:
    """What was credited in the scope of each child, in a given period or a year before its own."""
    scopes = []
    for part in asked.parts:
        first, last = _year_earlier(asked.target, part)
        if params is not None and params.first is not None and params.last is not None:
            first, last = params.first, params.last
        same = {"key": part.key, "metric": metric_of(asked.target, params), "first": first, "last": last}
        scopes.append({**same, **_own_scope(asked.target, part)})
    sums = await repository.sum_scopes(work.tx, scopes, volume=True)
    return {part.key: sums[part.key] for part in asked.parts}


def metric_of(target: Target, params: DriverParams | None) -> str:
    """Whose history a driver takes: that of the target's own metric, unless it names another one."""
    return target.metric if params is None or params.metric is None else params.metric


def _own_scope(target: Target, part: Part) -> dict[str, Any]:
    narrowed = {name: value for name, value in part.narrowed.items() if name in SCOPE}
    return {name: getattr(target, name) for name in SCOPE} | narrowed


def _year_earlier(target: Target, part: Part) -> tuple[date, date]:
    first, last = target.period_start, target.period_end
    if part.period is not None:
        first, last = part.period.first, part.period.last
    return years_before(first, 1), end_year_earlier(last)
