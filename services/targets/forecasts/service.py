"""Use cases of the forecasts: how a period may end, and the record by which that is to be judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import orjson

from kit import clock
from kit.calendar import Calendar
from kit.errors import BadQuery, FieldError, Invalid
from kit.jobs.jobs import enqueue
from kit.work import Work
from services.targets.attainment.schemas import AttainmentQuery
from services.targets.attainment.service import (
    DayResult,
    Slice,
    check_known,
    level_at,
    results_by_day,
    slice_of,
    target_slice,
)
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.rules import WHOLE, years_before
from services.targets.forecasts import repository
from services.targets.forecasts.backtests import MOST_PERIODS, Record
from services.targets.forecasts.enums import Lack, Method, PeriodKind
from services.targets.forecasts.methods import (
    DRAWS,
    FORMULA_VERSION,
    MIN_PERIODS,
    SPREAD,
    Asked,
    Forecast,
    History,
    Lacking,
    forecast,
    history_of,
    is_near,
    outlook,
    p_hit,
    seed_of,
)
from services.targets.forecasts.models import BinFigures, ForecastBacktest, MethodFigures
from services.targets.forecasts.periods import QUARTER_DAYS, Span, earlier, kind_of, whole
from services.targets.forecasts.schemas import (
    BacktestCreate,
    CalibrationQuery,
    CalibrationRead,
    CalibrationUsed,
    ForecastQuery,
    ForecastRead,
    InsufficientData,
    MethodRead,
    Narrowed,
)
from services.targets.members.service import require_named_member
from services.targets.metrics.lists import LEVELS, NOT_SUMMED
from services.targets.metrics.service import check_costs
from services.targets.targets.enums import Metric
from services.targets.targets.service import amount_on, require_counted
from services.targets.units.service import require_named_unit

BACKTEST = "forecasts.backtest"
DIMENSIONS = ("unit_id", "member_id", "product_line", "region", "customer_type", "channel_id")
SHORT_YEARS, LONG_YEARS = 3, 12
"""How far the history of a period goes back: of up to a quarter, and of a longer one; of a backtest twice as far."""
COMPANY = Slice()
NOTHING = Lacking(Lack.RESULTS, 0, 1)

_ONE = timedelta(days=1)
_NAMES = {"first": "from", "last": "to"}


class DayToCome(Invalid):
    code, title = "in-future", "The day has not come yet"


class MetricNotForecast(Invalid):
    code, title = "metric-not-forecast", "There are no forecasts of this metric"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a forecast is asked of; `subject` names it in the seed."""

    part: Slice
    span: Span
    amount: int | None
    target_id: UUID | None
    subject: str


def scope_key(part: Slice) -> str:
    """The dimensions of a scope in one text; a channel is named where there is one, as no record of earlier does."""
    values = [getattr(part, name) for name in DIMENSIONS]
    if part.channel_id is None:
        values.pop()
    return orjson.dumps([None if value is None else str(value) for value in values]).decode()


async def tell_forecast(work: Work, query: ForecastQuery) -> ForecastRead:
    """How a period may end; raises as read_forecast, and Forbidden where it is a margin and costs are not for who
    asks."""
    answer = await read_forecast(work, query)
    check_costs(work, answer.metric)
    return answer


async def read_forecast(work: Work, query: ForecastQuery, on: date | None = None) -> ForecastRead:
    """How a period may end; the amount is that which held `on` a day, without one on `as_of` or today.

    Raises BadQuery for parameters that exclude each other or are missing, a period that ends before it starts and a day
    to come; UnknownReference for what nobody knows; NotFound for what does not exist or is not visible.
    """
    as_of = _day(work, query.as_of)
    wanted = await _wanted(work, query, on or query.as_of or work.today)
    found = await results_by_day(work, replace(wanted.part, first=_since(wanted.span, as_of), last=as_of))
    if wanted.target_id is None and not found:
        await check_known(work, _narrowed(query))
    calendar = await company_calendar(work)
    answer: ForecastRead = ForecastRead(
        as_of=as_of,
        formula_version=FORMULA_VERSION,
        sample_size=sum(one.lines for one in found),
        currency=work.base_currency,
        calendar_known_until=calendar.known_until(),
        target_id=wanted.target_id,
        metric=Metric(wanted.part.metric),
        period_start=wanted.span.first,
        period_end=wanted.span.last,
        amount=wanted.amount,
        actual=await _actual(work, wanted, found, as_of),
        final=wanted.span.last <= as_of,
    )
    if wanted.part.metric in NOT_SUMMED:
        return answer.model_copy(update={"insufficient_data": InsufficientData(reason=Lack.METHOD, have=0, need=1)})
    if answer.final:
        hit = None if wanted.amount is None else WHOLE * (answer.actual >= wanted.amount)
        same = dict.fromkeys(("p10", "p50", "p90"), answer.actual)
        return answer.model_copy(update={"p_hit": hit, **same})
    return await _forecast(work, answer, wanted, found, calendar)


async def _actual(work: Work, wanted: Wanted, found: list[DayResult], as_of: date) -> int:
    """What there is by the end of a day: the sum of the days, or what is read off that one."""
    if wanted.part.metric in LEVELS:
        return await level_at(work, replace(wanted.part, first=wanted.span.first, last=min(wanted.span.last, as_of)))
    return sum(one.actual for one in found if wanted.span.first <= one.day <= wanted.span.last)


async def _forecast(
    work: Work, answer: ForecastRead, wanted: Wanted, found: list[DayResult], calendar: Calendar
) -> ForecastRead:
    as_of, span = answer.as_of, wanted.span
    record = await _record(work, wanted, as_of)
    figures = record.figures if record else ()
    spread = next((one.spread for one in figures if one.method is Method.DAILY), SPREAD)
    asked = Asked(span, as_of, seed_of(wanted.subject, as_of))
    told: Forecast | Lacking = NOTHING
    if found:
        until = span.last if is_near(span, as_of) else as_of
        history = _history(found, as_of, until, calendar)
        periods = earlier(span, history.first, MOST_PERIODS)
        told = forecast(history, asked, periods, record.serves if record else None, spread)
    if isinstance(told, Lacking):
        return answer.model_copy(update={"insufficient_data": InsufficientData(**told._asdict())})
    ends = outlook(told.draws)
    update = {
        **{"method": told.method, "draws": DRAWS, "seed": asked.seed, "spread": told.spread},
        **{"p_hit": None if wanted.amount is None else p_hit(told.draws, wanted.amount), **ends._asdict()},
        "calibration": None if record is None else _used(record, told, wanted),
    }
    return answer.model_copy(update=update)


def _used(record: ForecastBacktest, told: Forecast, wanted: Wanted) -> CalibrationUsed | None:
    one = next((each for each in record.figures if each.method is told.method), None)
    if one is None:
        return None
    return CalibrationUsed(
        backtest_id=record.id,
        as_of=record.as_of,
        is_own=record.scope_key == scope_key(wanted.part),
        n=one.n,
        brier=one.brier,
        naive_brier=one.naive_brier,
        climatology_brier=one.climatology_brier,
        coverage=one.coverage,
        beats_naive=one.beats_naive,
    )


async def _record(work: Work, wanted: Wanted, as_of: date) -> ForecastBacktest | None:
    """The newest record of the scope, without one that of the company; nothing that was measured after `as_of`."""
    kind = kind_of(wanted.span)
    if kind is None:
        return None
    keys = [scope_key(wanted.part), scope_key(COMPANY)]
    metric = Metric(wanted.part.metric)
    return await repository.newest_backtest(work.tx, keys, metric, kind, as_of, FORMULA_VERSION)


def _history(found: list[DayResult], until: date, last: date, calendar: Calendar) -> History:
    results = {one.day: one.actual for one in found}
    return history_of(results, found[0].day, until, last, calendar)


def _since(span: Span, as_of: date) -> date:
    years = SHORT_YEARS if span.days <= QUARTER_DAYS else LONG_YEARS
    return years_before(min(span.first, as_of), years)


def _day(work: Work, as_of: date | None) -> date:
    """The day from whose end is asked: the last whole one when none is named."""
    if as_of is not None and as_of > work.today:
        raise BadQuery(errors=[FieldError("as_of", "in-future", f"today is {work.today}")])
    return as_of or work.today - _ONE


async def _wanted(work: Work, query: ForecastQuery, on: date) -> Wanted:
    if query.target_id is not None:
        _check_alone(query, (*DIMENSIONS, "metric", "first", "last", "amount"))
        target = await require_counted(work, query.target_id)
        span = Span(target.period_start, target.period_end)
        return Wanted(target_slice(target), span, await amount_on(work, target, on), target.id, str(target.id))
    for name in ("first", "last"):
        if getattr(query, name) is None:
            raise BadQuery(errors=[FieldError(_NAMES[name], "missing", "a forecast is of a target or of a period")])
    assert query.first is not None, "checked"
    assert query.last is not None, "checked"
    if query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    part = await slice_of(work, _narrowed(query))
    of = "" if part.metric == Metric.REVENUE else f"{part.metric}|"
    subject = f"{of}{scope_key(part)}|{query.first}|{query.last}"
    return Wanted(part, Span(query.first, query.last), query.amount, None, subject)


def _check_alone(query: ForecastQuery | CalibrationQuery, names: tuple[str, ...]) -> None:
    given = next((name for name in names if getattr(query, name) is not None), None)
    if given is not None:
        detail = "cannot be combined with target_id"
        raise BadQuery(errors=[FieldError(_NAMES.get(given, given), "excluded", detail)])


def _narrowed(query: Narrowed) -> AttainmentQuery:
    return AttainmentQuery.model_validate({name: getattr(query, name) for name in (*DIMENSIONS, "metric")})


async def read_calibration(work: Work, query: CalibrationQuery) -> CalibrationRead:
    """The newest record of a scope and a kind of periods; raises as read_forecast. Nobody knows of what has none that
    there is such a thing: that is asked, too."""
    part, kind, periods = COMPANY, query.kind or PeriodKind.MONTH, 0
    if query.target_id is not None:
        _check_alone(query, (*DIMENSIONS, "metric", "kind"))
        target = await require_counted(work, query.target_id)
        part = target_slice(target)
        kind = kind_of(Span(target.period_start, target.period_end)) or kind
    else:
        part = await slice_of(work, _narrowed(query))
    metric = Metric(part.metric)
    found = await repository.newest_backtest(work.tx, [scope_key(part)], metric, kind, work.today, FORMULA_VERSION)
    if found is None and query.target_id is None:
        await check_known(work, _narrowed(query))
    lacking = Lacking(Lack.BACKTEST, 0, 1)
    if found is not None:
        periods = found.periods
        lacking = Lacking(
            *((Lack.RESULTS, 0, 1) if periods > MIN_PERIODS else (Lack.PERIODS, periods, MIN_PERIODS + 1))
        )
    return CalibrationRead(
        **{name: getattr(part, name) for name in DIMENSIONS},
        as_of=found.as_of if found else work.today,
        formula_version=FORMULA_VERSION,
        sample_size=found.sample_size if found else 0,
        backtest_id=found.id if found else None,
        metric=metric,
        kind=kind,
        levels=list(found.levels) if found else [],
        periods=periods,
        serves=found.serves if found else None,
        methods=[MethodRead.model_validate(one) for one in found.figures] if found else [],
        insufficient_data=None if found and found.figures else InsufficientData(**lacking._asdict()),
    )


async def start_backtest(work: Work, data: BacktestCreate) -> UUID:
    """Have a record measured by a job, on what is known at the end of its day; returns its id. Raises UnitUnknown,
    MemberUnknown, UnknownReference, MetricNotForecast, DayToCome."""
    if data.unit_id is not None:
        await require_named_unit(work, data.unit_id, "/unit_id")
    if data.member_id is not None:
        await require_named_member(work, data.member_id, "/member_id")
    await check_known(work, _narrowed(data), body=True)
    if data.metric in NOT_SUMMED:
        raise MetricNotForecast(
            errors=[FieldError("/metric", MetricNotForecast.code, "no method was tested for what no day adds to")]
        )
    if data.as_of is not None and data.as_of > work.today:
        raise DayToCome(errors=[FieldError("/as_of", DayToCome.code, f"today is {work.today}")])
    fixed = data.model_copy(update={"as_of": _day(work, data.as_of)})
    return await enqueue(work.tx, BACKTEST, fixed.model_dump(mode="json"), work.actor.subject)


@dataclass(frozen=True, slots=True)
class Material:
    """What a backtest works on: the newest periods of its kind that had ended on the day, and how many credit lines are
    behind the history."""

    as_of: date
    history: History | None
    spans: list[Span]
    lines: int


async def gather(work: Work, data: BacktestCreate) -> Material:
    """The history of a backtest; without any result None."""
    years = SHORT_YEARS if data.kind in (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER) else LONG_YEARS
    as_of = _day(work, data.as_of)
    dimensions = {name: getattr(data, name) for name in DIMENSIONS}
    part = Slice(first=years_before(as_of, 2 * years), last=as_of, metric=data.metric, **dimensions)
    found = await results_by_day(work, part)
    if not found:
        return Material(as_of, None, [], 0)
    history = _history(found, as_of, as_of, await company_calendar(work))
    spans = whole(data.kind, history.first, as_of)[-MOST_PERIODS:]
    return Material(as_of, history, spans, sum(one.lines for one in found))


async def keep_backtest(work: Work, backtest_id: UUID, data: BacktestCreate, made: Material, record: Record) -> None:
    """Keep what a backtest found; what an earlier attempt of its job kept stays."""
    dimensions = {name: getattr(data, name) for name in DIMENSIONS}
    row = ForecastBacktest(
        **dimensions,
        id=backtest_id,
        scope_key=scope_key(Slice(**dimensions)),
        metric=data.metric,
        kind=data.kind,
        as_of=made.as_of,
        formula_version=FORMULA_VERSION,
        sample_size=made.lines,
        levels=tuple(data.levels),
        periods=len(made.spans),
        figures=tuple(
            MethodFigures(**one._asdict() | {"bins": tuple(BinFigures(**each._asdict()) for each in one.bins)})
            for one in record.figures
        ),
        serves=record.serves,
        recorded_at=clock.now(),
    )
    await repository.add_backtest(work.tx, row)
