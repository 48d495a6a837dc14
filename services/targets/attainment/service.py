"""Use cases of the attainment: results of targets and of slices of the credits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import dropwhile
from typing import NamedTuple

from kit.errors import BadQuery, FieldError, NotFound, NotHeardYet, UnknownReference
from kit.regions import check_region
from kit.work import Work
from services.targets.attainment import repository
from services.targets.attainment.enums import BY_TIME
from services.targets.attainment.repository import GroupSum, TargetResult
from services.targets.attainment.repository import Slice as Slice
from services.targets.attainment.rules import attainment_percent, earlier_period
from services.targets.attainment.schemas import AttainmentItem, AttainmentQuery, AttainmentRead
from services.targets.attainment.standings import MAX_ITEMS, covered, items_of, list_found, rated, told_of, withheld
from services.targets.calendars.service import company_calendar
from services.targets.channels.service import known_channels
from services.targets.day_profiles.rules import years_before
from services.targets.levels.service import LevelPart, levels_of
from services.targets.members.service import known_members
from services.targets.metrics.enums import MetricName
from services.targets.metrics.lists import LEVELS, NOT_SUMMED, RATIOS
from services.targets.metrics.rules import COSTS, check_dimensions, unit_of
from services.targets.metrics.service import knows_costs
from services.targets.products.service import known_lines
from services.targets.targets.enums import Metric
from services.targets.targets.models import Target
from services.targets.targets.rules import CUSTOMER_TYPES
from services.targets.targets.service import require_counted
from services.targets.units.service import known_units, visible_to

FORMULA_VERSION = 3
FIRST = date(1, 1, 2)
MAX_DAYS = 100_000

_VALUES = ("product_line", "region", "customer_type")
_LEVELED = ("unit_id", "member_id", *_VALUES)
_DIMENSIONS = (*_LEVELED, "channel_id")
_NARROWING = (*_DIMENSIONS, "first", "last")
_NAMES = {"first": "from", "last": "to"}


class DayResult(NamedTuple):
    """What was credited on a day, by how many lines."""

    day: date
    actual: int
    lines: int


async def read_attainment(work: Work, query: AttainmentQuery) -> AttainmentRead:
    """The answer to a query.

    Raises BadQuery for parameters that exclude each other, a period that ends before it starts, a day to come and more
    than 1,000 items; UnknownReference for what nobody knows; NotFound for a target that does not exist, and for what is
    not visible.
    """
    _check(work, query)
    if query.root_id is not None or (query.target_id is not None and not query.group_by):
        return await _of_targets(work, query)
    part = (
        await slice_of(work, query)
        if query.target_id is None
        else target_slice(await require_counted(work, query.target_id))
    )
    _check_summed(query, part.metric)
    _check_groups(query, part.metric)
    sums = await _sums(work, query, part)
    if query.target_id is None and not any(one.lines for one in sums):
        await check_known(work, query)
    items = [_item(query, one, part.metric) for one in sums]
    if query.compare is not None:
        items = await _compared(work, query, part, items)
    return _answer(work, query, sums, items, part.metric)


async def results_by_day(work: Work, part: Slice) -> list[DayResult]:
    """What the days of a slice brought, in their order, from the first one that brought anything; nothing of what is
    read off a day."""
    if part.metric in LEVELS:
        return []
    sums = await repository.sum_credits(work.tx, part, ["day"], MAX_DAYS)
    days = [DayResult(date.fromisoformat(one.key), one.actual, one.lines) for one in sums if one.key is not None]
    return list(dropwhile(lambda one: not one.actual, days))


async def level_at(work: Work, part: Slice) -> int:
    """What is read off the last day of a slice."""
    (one,) = await _levels(work, part, [])
    return one.actual


async def lines_at(work: Work, part: Slice) -> int:
    """How much is known of what is read off the last day of a slice: customers that count then, or lines on a market of
    the year before."""
    assert part.last is not None, "a day"
    is_market = part.metric == MetricName.MARKET_SHARE
    of = part.metric if is_market else MetricName.ACTIVE_CUSTOMERS
    (one,) = await _levels(work, replace(part, metric=of, first=years_before(part.last, 1)), [])
    return one.lines


async def _levels(work: Work, part: Slice, groups: Sequence[str]) -> list[GroupSum]:
    """What is read off the last day of a slice, without one off today."""
    everything = part.visible_members is None
    asked = LevelPart(
        metric=part.metric,
        first=part.first or FIRST,
        until=min(part.last or work.today, work.today),
        **{name: getattr(part, name) for name in _LEVELED},
        visible=(everything, part.visible_members or (), part.visible_units or ()),
    )
    return [GroupSum(**one._asdict()) for one in await levels_of(work, asked, groups, MAX_ITEMS + 1)]


async def coverage_of(work: Work, part: Slice) -> int | None:
    """Of which share of the net amount of a slice the cost is known, in millionths; None without any net amount."""
    (one,) = await repository.sum_credits(work.tx, part, [], 1)
    return attainment_percent(one.base, one.net) if one.net > 0 else None


async def _sums(work: Work, query: AttainmentQuery, part: Slice) -> list[GroupSum]:
    if query.as_of is not None:
        part = replace(part, last=query.as_of if part.last is None else min(part.last, query.as_of))
    if part.metric in LEVELS:
        sums = await _levels(work, part, query.group_by)
    else:
        sums = await repository.sum_credits(work.tx, part, query.group_by, MAX_ITEMS + 1)
    return _few(sums)


def _few(sums: list[GroupSum]) -> list[GroupSum]:
    if len(sums) > MAX_ITEMS:
        raise BadQuery(errors=[FieldError("group_by", "too-many", f"there are more than {MAX_ITEMS} groups")])
    return sums


def _item(query: AttainmentQuery, one: GroupSum, metric: str) -> AttainmentItem:
    known = rated(one.actual, one.base) if metric in RATIOS else covered(metric, one.net, one.base)
    item: AttainmentItem = AttainmentItem(key=one.key, actual=one.actual, lines=one.lines, **known)
    return item.model_copy(update={"second_key": one.second_key}) if len(query.group_by) > 1 else item


async def _compared(
    work: Work, query: AttainmentQuery, part: Slice, items: list[AttainmentItem]
) -> list[AttainmentItem]:
    """The items with what their groups brought earlier; a group of the earlier period alone is told too."""
    assert part.first is not None, "what is compared has a period"
    assert part.last is not None, "what is compared has a period"
    assert query.compare is not None, "asked for"
    first, last = earlier_period(part.first, part.last, query.as_of or work.today, query.compare)
    earlier = replace(part, first=first, last=last)
    before = {
        (one.key, one.second_key): one.actual
        for one in _few(await repository.sum_credits(work.tx, earlier, query.group_by, MAX_ITEMS + 1))
    }
    told = [told_of(item, before.pop((item.key, item.second_key), 0)) for item in items]
    gone = [_item(query, GroupSum(*keys, 0, 0), part.metric) for keys in before]
    return [*told, *(told_of(item, before[item.key, item.second_key]) for item in gone)]


def _check(work: Work, query: AttainmentQuery) -> None:
    """Parameters that exclude each other; the one to be left out is named."""
    given = [name for name in (*_NARROWING, "metric") if getattr(query, name) is not None]
    if query.target_id is not None and query.root_id is not None:
        raise _excluded("root_id")
    if (query.target_id or query.root_id) and given:
        raise _excluded(_NAMES.get(given[0], given[0]))
    if query.children and (query.target_id is None or query.group_by):
        raise _excluded("children")
    if query.group_by and (query.root_id is not None or len(set(query.group_by)) < len(query.group_by)):
        raise _excluded("group_by")
    if query.first and query.last and query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    if query.as_of is not None and query.as_of > work.today:
        raise BadQuery(errors=[FieldError("as_of", "in-future", f"today is {work.today}")])
    if query.compare is not None:
        _check_compare(query)


def _check_compare(query: AttainmentQuery) -> None:
    """A period is compared, as a whole or by what is no time."""
    if BY_TIME & set(query.group_by):
        raise _excluded("compare")
    if query.target_id is None and query.root_id is None:
        _check_period(query, "what is compared has a period")


def _check_period(query: AttainmentQuery, detail: str) -> None:
    for name in ("first", "last"):
        if getattr(query, name) is None:
            raise BadQuery(errors=[FieldError(_NAMES[name], "missing", detail)])


def _check_summed(query: AttainmentQuery, metric: str) -> None:
    if metric in NOT_SUMMED and query.compare is not None:
        raise _excluded("compare")


def _check_groups(query: AttainmentQuery, metric: str) -> None:
    """Groups that the metric has; what is read off a day has no parts by time, and a rate of it a period."""
    check_dimensions(metric, {group.value: "group_by" for group in query.group_by if group not in BY_TIME})
    if metric in LEVELS and BY_TIME & set(query.group_by):
        raise _excluded("group_by")
    if metric in LEVELS & RATIOS and query.target_id is None:
        _check_period(query, "what is seen against a base has a period")


async def check_known(work: Work, query: AttainmentQuery, *, body: bool = False) -> None:
    """Nothing was credited to these values: 0 is said of those that something could be credited to, no others (raises
    UnknownReference, for a product line or a channel NotHeardYet, which name a field of the body or a parameter)."""
    for name in _VALUES:
        value = getattr(query, name)
        is_known = not value or (name == "region" and not check_region(value))
        is_known = is_known or (name == "customer_type" and value in CUSTOMER_TYPES)
        lines = await known_lines(work, [value]) if value and name == "product_line" else {}
        if is_known or value in lines.values() or await repository.is_known(work.tx, name, value):
            continue
        meant = "".join(f"; expected {line}" for line in lines.values()) or _meant_region(name, value)
        raise (_unheard if name == "product_line" else _unknown)(f"/{name}" if body else name, meant)
    if query.channel_id is not None and not await known_channels(work, [query.channel_id]):
        raise _unheard("/channel_id" if body else "channel_id")


def _meant_region(name: str, value: str) -> str:
    return f"; {check_region(value)}" if name == "region" else ""


def _unheard(name: str, more: str = "") -> NotHeardYet:
    """Products and channels are the service channels' own."""
    return NotHeardYet(errors=[FieldError(name, NotHeardYet.code, f"nobody knows this value{more}")])


def _unknown(name: str, more: str = "") -> UnknownReference:
    return UnknownReference(errors=[FieldError(name, UnknownReference.code, f"nobody knows this value{more}")])


def _excluded(name: str) -> BadQuery:
    return BadQuery(errors=[FieldError(name, "excluded", "cannot be combined with the other parameters")])


def _answer(
    work: Work,
    query: AttainmentQuery,
    found: Sequence[GroupSum | TargetResult],
    items: list[AttainmentItem],
    metric: str,
) -> AttainmentRead:
    if metric in COSTS and not knows_costs(work):
        items = [withheld(item) for item in items]
    return AttainmentRead(
        as_of=query.as_of or work.today,
        formula_version=FORMULA_VERSION,
        sample_size=sum(one.lines for one in found),
        currency=work.base_currency,
        metric=Metric(metric),
        amount_unit=unit_of(metric),
        items=items,
    )


async def _of_targets(work: Work, query: AttainmentQuery) -> AttainmentRead:
    found, calendar = await list_found(work, query), await company_calendar(work)
    _check_summed(query, found[0].metric)
    answer = _answer(work, query, found, await items_of(work, query, found, calendar), found[0].metric)
    return answer.model_copy(update={"calendar_known_until": calendar.known_until()})


def target_slice(target: Target) -> Slice:
    """What counts for a target."""
    dimensions = {name: getattr(target, name) for name in _DIMENSIONS}
    return Slice(first=target.period_start, last=target.period_end, metric=target.metric, **dimensions)


def _check_scope(query: AttainmentQuery, metric: str) -> None:
    """Raises DimensionNotSupported for what a metric cannot be narrowed by."""
    names = {**{name: name for name in _VALUES}, "unit": "unit_id", "member": "member_id", "channel": "channel_id"}
    check_dimensions(metric, {name: field for name, field in names.items() if getattr(query, field) is not None})


async def slice_of(work: Work, query: AttainmentQuery) -> Slice:
    """What a query by dimensions is about, as far as it is visible; raises NotFound, UnknownReference."""
    visible = await visible_to(work)
    narrowed = {name: getattr(query, name) for name in _NARROWING} | {"metric": query.metric or Metric.REVENUE}
    _check_scope(query, narrowed["metric"])
    if visible.everything:
        if query.unit_id is not None and not await known_units(work, [query.unit_id]):
            raise _unknown("unit_id")
        if query.member_id is not None and not await known_members(work, [query.member_id]):
            raise _unknown("member_id")
        return Slice(**narrowed)
    if query.unit_id is not None and query.unit_id not in visible.units:
        raise NotFound(what="unit")
    if query.member_id is not None and query.member_id not in visible.members:
        raise NotFound(what="member")
    return Slice(**narrowed, visible_members=visible.members, visible_units=visible.units)
