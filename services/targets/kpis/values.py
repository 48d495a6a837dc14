"""Values of KPIs: two sums over any scope, period and group, each value out of its own sums."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from kit.errors import BadQuery, FieldError
from kit.events.projections import require_filled
from kit.work import Work
from services.targets.attainment.enums import Compare
from services.targets.attainment.schemas import AttainmentQuery
from services.targets.attainment.service import check_known, slice_of
from services.targets.decompositions.enums import Dimension
from services.targets.decompositions.periods import periods_of
from services.targets.kpis import repository
from services.targets.kpis.enums import KPI_TIMES, KpiDimension, KpiMeasure
from services.targets.kpis.measures import MEASURES, SHIFTS, Counted
from services.targets.kpis.models import Benchmark, Kpi, KpiVersion, Term
from services.targets.kpis.repository import SIXTHS, Part, Window
from services.targets.kpis.rules import (
    THOUSAND,
    KpiValue,
    covered,
    dimensions_of,
    earlier,
    is_met,
    margin_95,
    shown,
    value_of,
)
from services.targets.kpis.schemas import (
    KpiBenchmarkRead,
    KpiInsufficientData,
    KpiValueRead,
    KpiValuesQuery,
    KpiValuesRead,
)
from services.targets.kpis.service import DimensionNotSupported, list_published, require_kpi, require_version

FORMULA_VERSION = 1
MAX_ITEMS = 1_000
MOST_DAYS = 3_660
NOW, BEFORE = 0, 1
_ONE = timedelta(days=1)
_SCOPE = {
    "unit_id": KpiDimension.UNIT,
    "member_id": KpiDimension.MEMBER,
    "product_line": KpiDimension.PRODUCT_LINE,
    "region": KpiDimension.REGION,
    "customer_type": KpiDimension.CUSTOMER_TYPE,
    "channel_id": KpiDimension.CHANNEL,
}
_ASKED = set(_SCOPE)
Keys = tuple[str | None, str | None]


class Sum(NamedTuple):
    """A sum in what it counts, by how many facts, and what a measure tells besides."""

    amount: Fraction = Fraction(0)
    sample: int = 0
    first_extra: Fraction = Fraction(0)
    second_extra: Fraction = Fraction(0)


NOTHING = Sum()
Sums = Mapping[tuple[int, Keys], Sum]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sums of a value."""

    numerator: Sum
    denominator: Sum | None


class UnitValue(NamedTuple):
    """A value of a unit, beside the name of its KPI and whether only who may know costs is told of it."""

    name: str
    is_cost: bool
    values: KpiValuesRead


async def read_values(work: Work, kpi_id: UUID, query: KpiValuesQuery) -> KpiValuesRead:
    """Values of a version of a KPI. Raises NotFound, KpiNotPublished, DimensionNotSupported, BadQuery,
    UnknownReference, ProjectionBuilding."""
    kpi = await require_kpi(work, kpi_id)
    version = await require_version(work, kpi, query.version)
    return await _read(work, kpi, version, query, is_withheld=is_cost(version) and not work.actor.may("costs:read"))


async def values_of_unit(work: Work, unit_id: UUID, first: date, last: date) -> list[UnitValue]:
    """Values of the newest version of each KPI that can be told of a unit, at the end of a period, by their codes.
    Nothing is withheld: whoever shows them looks at who may know costs."""
    query = KpiValuesQuery.model_validate({"unit_id": unit_id, "from": first, "to": last, "as_of": last})
    found = []
    for kpi in await list_published(work):
        version = await require_version(work, kpi, None)
        if KpiDimension.UNIT in _dimensions(version):
            values = await _read(work, kpi, version, query, is_withheld=False)
            found.append(UnitValue(kpi.name, is_cost(version), values))
    return found


def is_cost(version: KpiVersion) -> bool:
    """Whether only who may know costs is told the values of a version."""
    return any(one.is_cost for one in _measures(version))


def _measures(version: KpiVersion) -> list[Counted]:
    return [MEASURES[term.measure] for term in (version.numerator, version.denominator) if term is not None]


def _dimensions(version: KpiVersion) -> Collection[KpiDimension]:
    return dimensions_of(
        version.numerator.measure, None if version.denominator is None else version.denominator.measure
    )


async def _read(
    work: Work, kpi: Kpi, version: KpiVersion, query: KpiValuesQuery, *, is_withheld: bool
) -> KpiValuesRead:
    as_of = query.as_of or work.today
    asked = query.last or as_of
    first, last = query.first or asked.replace(day=1), min(asked, as_of)
    _check_days(work, query, first, asked)
    _check_dimensions(query, version)
    part = await _part(work, query, as_of)
    total, items = _blank(), list[KpiValueRead]()
    if not is_withheld:
        await require_filled(work.tx, sorted({name for one in _measures(version) for name in one.reads}))
        whole = [("", first, last)]
        total = (await _values(work, kpi, version, replace(part, groups=()), whole))[0]
        if part.groups:
            items = await _values(work, kpi, version, part, _times(query, first, last))
    return KpiValuesRead(
        kpi_id=kpi.id,
        code=kpi.code,
        version=version.number,
        unit=version.unit,
        direction=version.direction,
        currency=work.base_currency,
        first=first,
        last=asked,
        as_of=as_of,
        formula_version=FORMULA_VERSION,
        sample_size=total.sample_size,
        is_withheld=is_withheld,
        total=total,
        items=items,
    )


def _check_days(work: Work, query: KpiValuesQuery, first: date, last: date) -> None:
    if last < first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    if (last - first).days >= MOST_DAYS:
        raise BadQuery(errors=[FieldError("to", "too-long", f"at most {MOST_DAYS} days")])
    if query.as_of is not None and query.as_of > work.today:
        raise BadQuery(errors=[FieldError("as_of", "in-future", f"today is {work.today}")])
    if first > (query.as_of or work.today):
        raise BadQuery(errors=[FieldError("from", "in-future", "the period has not begun")])


def _check_dimensions(query: KpiValuesQuery, version: KpiVersion) -> None:
    groups = query.group_by
    if len(set(groups)) < len(groups) or len(KPI_TIMES & set(groups)) > 1:
        raise BadQuery(errors=[FieldError("group_by", "excluded", "cannot be combined")])
    known = {*_dimensions(version), *KPI_TIMES}
    asked = {name: dimension for name, dimension in _SCOPE.items() if getattr(query, name) is not None}
    for name, dimension in [*asked.items(), *(("group_by", one) for one in groups)]:
        if dimension not in known:
            detail = f"the KPI has no {dimension}"
            raise DimensionNotSupported(errors=[FieldError(name, "dimension-not-supported", detail)])


async def _part(work: Work, query: KpiValuesQuery, as_of: date) -> Part:
    """What is asked about, as far as it is visible; raises NotFound, UnknownReference."""
    asked = AttainmentQuery.model_validate(query.model_dump(include=_ASKED))
    await check_known(work, asked)
    seen = await slice_of(work, asked)
    limited = seen.visible_members is not None
    return Part(
        groups=tuple(query.group_by),
        as_of=as_of,
        unit_id=query.unit_id,
        member_id=query.member_id,
        product_line=query.product_line,
        region=query.region,
        customer_type=query.customer_type,
        channel_id=query.channel_id,
        visible=(seen.visible_members or (), seen.visible_units or ()) if limited else None,
    )


def _times(query: KpiValuesQuery, first: date, last: date) -> list[tuple[str, date, date]]:
    """The parts of the period by which values are broken down; one without a name when not by time."""
    by_time = next((one for one in query.group_by if one in KPI_TIMES), None)
    if by_time is None:
        return [("", first, last)]
    found = periods_of(Dimension(by_time), first, last)
    if len(found) > MAX_ITEMS:
        raise BadQuery(errors=[FieldError("group_by", "too-many", f"there are more than {MAX_ITEMS} groups")])
    return [(one.key, one.first, one.last) for one in found]


async def _values(
    work: Work, kpi: Kpi, version: KpiVersion, part: Part, times: Sequence[tuple[str, date, date]]
) -> list[KpiValueRead]:
    """A value per group, and per part of time even where there is nothing, beside that of the period before."""
    windows = [
        Window(slot, key or None, *span)
        for key, first, last in times
        for slot, span in ((NOW, (first, last)), (BEFORE, earlier(first, last, Compare.PREVIOUS)))
    ]
    if version.window_days is not None:
        days = timedelta(days=version.window_days - 1)
        windows = [one._replace(first=one.last - days) for one in windows]
    numerator = await _sums(work, version.numerator, windows, part)
    denominator = None if version.denominator is None else await _sums(work, version.denominator, windows, part)
    ends = {key or None: last for key, _first, last in times}
    found = {keys for slot, keys in (*numerator, *(denominator or ())) if slot == NOW}
    if not set(part.groups) - KPI_TIMES:
        found |= {(window.key, None) for window in windows}
    if len(found) > MAX_ITEMS:
        raise BadQuery(errors=[FieldError("group_by", "too-many", f"there are more than {MAX_ITEMS} groups")])
    return [
        _told(
            kpi,
            version,
            keys,
            _pair(numerator, denominator, NOW, keys),
            _pair(numerator, denominator, BEFORE, keys),
            ends[_time_of(part, keys)],
        )
        for keys in sorted(found, key=lambda keys: [(key is None, key or "") for key in keys])
    ]


def _pair(numerator: Sums, denominator: Sums | None, slot: int, keys: Keys) -> Pair:
    divided = None if denominator is None else denominator.get((slot, keys), NOTHING)
    return Pair(numerator.get((slot, keys), NOTHING), divided)


def _time_of(part: Part, keys: Keys) -> str | None:
    return next((key for key, one in zip(keys, part.groups, strict=False) if one in KPI_TIMES), None)


async def _sums(work: Work, term: Term, windows: Sequence[Window], part: Part) -> Sums:
    """The sums of a term by slot and group: where it narrows what is asked about otherwise, nothing is left."""
    shift = SHIFTS.get(term.measure)
    narrowed = _narrowed(part, term)
    if narrowed is None:
        return {}
    if shift is None:
        return await _sums_of(work, term.measure, windows, narrowed)
    moved = [Window(one.slot, one.key, *earlier(one.first, one.last, shift.compare)) for one in windows]
    then = await _sums_of(work, shift.measure, moved, narrowed)
    if not shift.is_change:
        return then
    now = await _sums_of(work, shift.measure, windows, narrowed)
    return {
        key: Sum(now.get(key, NOTHING).amount - then.get(key, NOTHING).amount, now.get(key, NOTHING).sample)
        for key in now.keys() | then.keys()
    }


def _narrowed(part: Part, term: Term) -> Part | None:
    changes = {}
    for name in ("product_line", "region", "customer_type", "channel_id"):
        own, asked = getattr(term, name), getattr(part, name)
        if own is not None and asked is not None and own != asked:
            return None
        changes[name] = asked if own is None else own
    return replace(part, **changes)


async def _sums_of(work: Work, measure: KpiMeasure, windows: Sequence[Window], part: Part) -> Sums:
    limit = 2 * (MAX_ITEMS + 1)
    rows, whole = await repository.sum_measure(work.tx, measure, windows, part, limit)
    days = {(one.slot, one.key): (one.last - one.first + _ONE).days for one in windows}
    found: dict[tuple[int, Keys], Sum] = {}
    for row in rows:
        keys = (row.key, row.second_key)
        per = whole
        if measure is KpiMeasure.HEADS:
            per = days[row.slot, _time_of(part, keys)]
        elif measure is KpiMeasure.SATISFACTION_POINTS:
            per = whole * SIXTHS
        extras = (Fraction(row.first_extra or 0), Fraction(row.second_extra or 0))
        if measure is not KpiMeasure.WON_CYCLE_DAYS:
            extras = (extras[0] / whole, extras[1] / whole)
        found[row.slot, keys] = Sum(Fraction(row.total or 0) / per, row.sample, *extras)
    return found


def _blank() -> KpiValueRead:
    nothing = dict.fromkeys(KpiValueRead.model_fields)
    return KpiValueRead.model_validate({**nothing, "sample_size": 0})


def _told(kpi: Kpi, version: KpiVersion, keys: Keys, now: Pair, before: Pair, day: date) -> KpiValueRead:
    value, coverage = _valued(version, now)
    previous = _valued(version, before)[0].value
    benchmark = _benchmark(kpi.benchmarks, day)
    measure, divided = version.numerator.measure, version.denominator
    is_cycle = measure is KpiMeasure.WON_CYCLE_DAYS
    return KpiValueRead(
        key=keys[0],
        second_key=keys[1],
        value=value.value,
        numerator=shown(measure, now.numerator.amount),
        denominator=None
        if divided is None or now.denominator is None
        else shown(divided.measure, now.denominator.amount),
        sample_size=max(now.numerator.sample, now.denominator.sample if now.denominator else 0),
        insufficient_data=None
        if value.lack is None
        else KpiInsufficientData(reason=value.lack, have=value.have, need=value.need),
        previous=previous,
        swing=None if value.value is None or previous is None else value.value - previous,
        benchmark=None if benchmark is None else KpiBenchmarkRead.model_validate(benchmark),
        meets_benchmark=None
        if value.value is None or benchmark is None
        else is_met(version.direction, value.value, benchmark.value),
        coverage=coverage,
        median=round(now.numerator.first_extra * THOUSAND) if is_cycle and now.numerator.sample else None,
        negative=int(now.numerator.second_extra) if is_cycle else None,
        margin_95=_margin(version, now),
    )


def _valued(version: KpiVersion, pair: Pair) -> tuple[KpiValue, int | None]:
    value = value_of(version.unit, pair.numerator.amount, None if pair.denominator is None else pair.denominator.amount)
    if version.numerator.measure is KpiMeasure.GROSS_MARGIN:
        return covered(value, pair.numerator.first_extra, pair.numerator.second_extra)
    return value, None


def _margin(version: KpiVersion, pair: Pair) -> int | None:
    divided = None if version.denominator is None else version.denominator.measure
    if version.numerator.measure is not KpiMeasure.NPS_BALANCE or divided is not KpiMeasure.NPS_ANSWERS:
        return None
    if pair.denominator is None:
        return None
    return margin_95(pair.numerator.first_extra, pair.numerator.second_extra, pair.denominator.amount)


def _benchmark(benchmarks: Sequence[Benchmark], day: date) -> Benchmark | None:
    """The newest that has begun; they are in the order of their days."""
    return next((one for one in reversed(benchmarks) if one.valid_from <= day), None)
