"""The seeds of cells, from drivers or as given, and the constraints of cells, by known keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, NoReturn

from kit.errors import FieldError
from kit.money import SHARE_WHOLE
from kit.web.batch import RowRepeated
from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.rules import end_year_earlier, years_before
from services.targets.day_profiles.service import Scope, profile_of
from services.targets.decompositions import service as decompositions
from services.targets.decompositions.capacities import capacity_values
from services.targets.decompositions.cascading import PathUnknown
from services.targets.decompositions.drivers import SCOPE, WORKED, check_params, metric_of, part_of, ramp_of
from services.targets.decompositions.enums import BY_TIME, PERIODS, Dimension, DriverKind
from services.targets.decompositions.models import DriverPart
from services.targets.decompositions.potentials import MarketScope, potentials_of
from services.targets.decompositions.rules import earlier_values
from services.targets.decompositions.schemas import DriverCreate
from services.targets.decompositions.workforce import Asked as Worked
from services.targets.targets.models import Target
from services.targets.two_way.rules import CellLimits, Part, Place, TableInvalid
from services.targets.two_way.schemas import CellConstraintCreate, CellSeed, TableCreate


class Side(NamedTuple):
    """The rows or the columns: their dimension, and their targets by key."""

    dimension: Dimension
    targets: Mapping[str, Target]


class Sides(NamedTuple):
    """What a table stands on."""

    target: Target
    rows: Side
    columns: Side

    def places(self) -> list[Place]:
        """Every cell."""
        return [Place(row, column) for row in self.rows.targets for column in self.columns.targets]

    def of_time(self) -> Side | None:
        """The side whose children are periods, if any."""
        return next((side for side in (self.rows, self.columns) if side.dimension in PERIODS), None)


class Seeded(NamedTuple):
    """A driver as the fit takes it, and as the table keeps it."""

    part: Part
    kept: DriverPart


async def seeds_of(work: Work, sides: Sides, data: TableCreate) -> list[Seeded]:
    """The seeds of the cells. Raises TableInvalid, PathUnknown, RowRepeated, DecompositionInvalid,
    DriverDataInsufficient."""
    if data.drivers and data.values:
        _refuse("/values", "beside-drivers", "seeds come from drivers or are given, not both")
    if data.values:
        values = {Place(one.row, one.column): one.value for one in data.values}
        _check_places(sides, "values", data.values)
        return [Seeded(Part(SHARE_WHOLE, values), DriverPart(kind=DriverKind.CUSTOM, weight=SHARE_WHOLE))]
    return [await _seeded(work, sides, index, one) for index, one in enumerate(data.drivers)]


def limits_of(sides: Sides, cells: Sequence[CellConstraintCreate]) -> dict[Place, CellLimits]:
    """The constraints by cell. Raises PathUnknown, RowRepeated."""
    _check_places(sides, "cells", cells)
    return {Place(one.row, one.column): CellLimits(one.locked, one.floor, one.cap) for one in cells}


def _refuse(pointer: str, code: str, detail: str) -> NoReturn:
    raise TableInvalid(errors=[FieldError(pointer, code, detail)])


def _check_places(sides: Sides, name: str, given: Iterable[CellSeed | CellConstraintCreate]) -> None:
    seen: set[Place] = set()
    for index, one in enumerate(given):
        for field, key, side in (("row", one.row, sides.rows), ("column", one.column, sides.columns)):
            if key not in side.targets:
                raise PathUnknown(errors=[FieldError(f"/{name}/{index}/{field}", "path-unknown", "no such child")])
        place = Place(one.row, one.column)
        if place in seen:
            raise RowRepeated(errors=[FieldError(f"/{name}/{index}/column", "repeated", "see an earlier one")])
        seen.add(place)


async def _seeded(work: Work, sides: Sides, index: int, one: DriverCreate) -> Seeded:
    pointer, places = f"/drivers/{index}/kind", sides.places()
    check_params(one)
    if one.kind in (DriverKind.CUSTOM, DriverKind.GROWTH_UNIFORM):
        _refuse(pointer, "driver-by-child", "takes values of children; give those of cells in `values`")
    if one.kind is DriverKind.EQUAL:
        return Seeded(Part(one.weight, dict.fromkeys(places, 1)), part_of(one, None))
    if one.kind is DriverKind.HISTORICAL_SHARE:
        return Seeded(Part(one.weight, await _earlier(work, sides, one)), part_of(one, None))
    if one.kind is DriverKind.MARKET_POTENTIAL:
        return Seeded(Part(one.weight, await _potentials(work, sides, pointer, one)), part_of(one, None))
    if one.kind is DriverKind.CAPACITY:
        return Seeded(Part(one.weight, await _capacities(work, sides, pointer, one)), part_of(one, None))
    side = sides.of_time()
    if one.kind not in BY_TIME or side is None:
        _refuse(pointer, "driver-by-time", "splits by time, and neither rows nor columns are periods")
    calendar = await company_calendar(work)
    periods = {key: (each.period_start, each.period_end) for key, each in side.targets.items()}
    profile = None
    if one.kind is DriverKind.WORKING_DAYS:
        weights = {key: working_days(calendar, *period) for key, period in periods.items()}
    else:
        scope = Scope(**{name: getattr(sides.target, name) for name in SCOPE}, metric=sides.target.metric)
        profile = await profile_of(work, calendar, scope, sides.target.period_start)
        weights = {key: profile.weight(calendar, *period) for key, period in periods.items()}
    by_row = side is sides.rows
    values = {place: weights[place.row if by_row else place.column] for place in places}
    return Seeded(Part(one.weight, values), part_of(one, profile))


async def _capacities(work: Work, sides: Sides, pointer: str, one: DriverCreate) -> dict[Place, int | None]:
    """What those who sell can bring in each cell."""
    if not {sides.rows.dimension, sides.columns.dimension} & WORKED:
        _refuse(pointer, "driver-by-seller", "splits by unit, member or time, and neither rows nor columns do")
    places, is_by_time, asked = sides.places(), sides.of_time() is not None, []
    for index, place in enumerate(places):
        row, column, scope = sides.rows.targets[place.row], sides.columns.targets[place.column], _scope(sides, place)
        cell = row if sides.rows.dimension in PERIODS else column
        asked.append(Worked(str(index), scope["unit_id"], scope["member_id"], cell.period_start, cell.period_end))
    ramp = ramp_of(one)
    values = await capacity_values(work, one.kind, sides.target, asked, ramp, is_by_time=is_by_time)
    return {place: values[str(index)] for index, place in enumerate(places)}


async def _potentials(work: Work, sides: Sides, pointer: str, one: DriverCreate) -> dict[Place, int | None]:
    """What the market of each cell is worth."""
    if sides.of_time() is not None:
        _refuse(pointer, "driver-not-by-time", "does not split by time, and rows or columns are periods")
    places, target = sides.places(), sides.target
    scopes = [MarketScope(str(index), **_scope(sides, place)) for index, place in enumerate(places)]
    values = await potentials_of(work, one.kind, scopes, target.period_start, target.period_end)
    return {place: values[str(index)] for index, place in enumerate(places)}


def _scope(sides: Sides, place: Place) -> dict[str, Any]:
    row, column = sides.rows.targets[place.row], sides.columns.targets[place.column]
    unit = column if sides.columns.dimension is Dimension.UNIT else row
    return {name: getattr(column, name) or getattr(row, name) for name in SCOPE} | {"unit_id": unit.unit_id}


async def _earlier(work: Work, sides: Sides, one: DriverCreate) -> dict[Place, int | None]:
    """What was credited in the scope of each cell, in a given period or a year before its own."""
    scopes, places = [], sides.places()
    for index, place in enumerate(places):
        row, column = sides.rows.targets[place.row], sides.columns.targets[place.column]
        first, last = _period(sides, row, column, one)
        same = {"key": str(index), "metric": metric_of(sides.target, one.params), "first": first, "last": last}
        scopes.append({**same, **_scope(sides, place)})
    sums = await decompositions.sum_credited(work, scopes, volume=True)
    results = {str(index): sums[str(index)] for index in range(len(places))}
    known = earlier_values(one.kind, results, is_by_time=sides.of_time() is not None)
    return {place: known[str(index)] for index, place in enumerate(places)}


def _period(sides: Sides, row: Target, column: Target, one: DriverCreate) -> tuple[date, date]:
    if one.params is not None and one.params.first is not None and one.params.last is not None:
        return one.params.first, one.params.last
    cell = row if sides.rows.dimension in PERIODS else column
    return years_before(cell.period_start, 1), end_year_earlier(cell.period_end)
