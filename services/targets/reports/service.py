"""Use cases of reports: written when a period is over, and read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.events import outbox
from kit.ids import new_id
from kit.work import Work
from services.targets.alerts.judging import pace_of
from services.targets.attainment.schemas import AttainmentItem
from services.targets.attainment.service import FORMULA_VERSION
from services.targets.attainment.standings import items_by_target
from services.targets.calendars.service import company_calendar
from services.targets.events_out.reports import ReportPublished
from services.targets.kpis.schemas import KpiValueRead
from services.targets.kpis.values import FORMULA_VERSION as KPI_FORMULA_VERSION
from services.targets.kpis.values import UnitValue, values_of_unit
from services.targets.metrics.rules import COSTS, unit_of
from services.targets.report_schedules.models import ReportSchedule
from services.targets.report_schedules.rules import Period, period_of
from services.targets.reports import repository
from services.targets.reports.columns import csv_of, is_money
from services.targets.reports.enums import ReportFormat
from services.targets.reports.models import Report
from services.targets.reports.repository import ShownTarget
from services.targets.reports.rules import NOUN, late_by
from services.targets.reports.schemas import (
    ReportAlert,
    ReportBody,
    ReportKpi,
    ReportTarget,
    ReportTotals,
    ReportUnit,
)
from services.targets.reports.sealing import seal_of
from services.targets.reports.workbooks import workbook_of
from services.targets.units.service import require_unit, visible_to

_FIGURES = tuple(name for name in ReportKpi.model_fields if name in KpiValueRead.model_fields)


async def write_report(work: Work, schedule: ReportSchedule) -> bool:
    """Keep and announce the report that a schedule, whose row is locked, has due; False where the period has one."""
    assert schedule.due_at is not None, "due rows have a moment"
    body = await read_body(work, schedule, period_of(schedule.cadence, schedule.next_start))
    written_at = clock.now()
    report = Report(
        id=new_id(),
        schedule_id=schedule.id,
        unit_id=schedule.unit_id,
        cadence=schedule.cadence,
        period_key=body.period_key,
        period_start=body.period_start,
        period_end=body.period_end,
        targets=len(body.targets),
        root_ids=tuple(sorted({one.root_id for one in body.targets})),
        body=body,
        sha256=seal_of(body.model_dump(mode="json")),
        due_at=schedule.due_at,
        written_at=written_at,
        late_by=late_by(schedule.due_at, written_at),
    )
    if not await repository.add_report(work.tx, report):
        return False
    await outbox.say(work, [(ReportPublished.of(report, business_date=work.today), 1)])
    return True


async def read_body(work: Work, schedule: ReportSchedule, period: Period) -> ReportBody:
    """What the report of a period that is over shows."""
    unit, calendar = await require_unit(work, schedule.unit_id), await company_calendar(work)
    shown = await repository.list_shown(work.tx, unit.id, period.first, period.last)
    split = {one.decomposition_id for one in shown if one.decomposition_id is not None}
    family = await repository.list_family(work.tx, split, {one.parent_id for one in shown if one.parent_id is not None})
    ids = {*family, *(one.id for one in shown)}
    items = await items_by_target(work, sorted(ids), period.last, calendar)
    rows = [_target(one, items[one.id]) for one in shown]
    return ReportBody(
        unit=ReportUnit(id=unit.id, code=unit.code, name=unit.name),
        cadence=schedule.cadence,
        period_key=period.key,
        period_start=period.first,
        period_end=period.last,
        as_of=period.last,
        currency=work.base_currency,
        formula_version=FORMULA_VERSION,
        kpi_formula_version=KPI_FORMULA_VERSION,
        calendar_known_until=calendar.known_until(),
        targets=rows,
        totals=_totals(rows),
        kpis=[_kpi(one) for one in await values_of_unit(work, unit.id, period.first, period.last)],
    )


def _target(one: ShownTarget, item: AttainmentItem) -> ReportTarget:
    known = {name: getattr(one, name) for name in one._fields if name in ReportTarget.model_fields}
    alert = None
    if one.level is not None:
        said = {"level": one.level, "measure": one.measure, "state": one.alert_state, "raised_on": one.raised_on}
        alert = ReportAlert.model_validate(said)
    more = {
        **{name: getattr(item, name) for name in ("name", "state", "period_start", "period_end", "amount", "rank")},
        **{
            "amount_unit": unit_of(one.metric),
            "target_id": one.id,
            "value": item.actual,
            "percent": item.attainment,
            "pace": pace_of(item),
        },
    }
    return ReportTarget.model_validate({**known, **more, "alert": alert})


def _kpi(one: UnitValue) -> ReportKpi:
    values, total = one.values, one.values.total
    told = {name: getattr(total, name) for name in _FIGURES}
    same = {name: getattr(values, name) for name in ("kpi_id", "code", "version", "unit", "direction")}
    return ReportKpi.model_validate({**told, **same, "name": one.name, "is_cost": one.is_cost})


async def require_report(work: Work, report_id: UUID) -> Report:
    """A report of a unit that the caller sees, as far as it may be told; raises NotFound."""
    found: Report | None = await repository.get_report(work.tx, report_id)
    if found is None or not (await visible_to(work)).sees(None, found.unit_id):
        raise NotFound(what=NOUN)
    if work.actor.may("costs:read"):
        return found
    told: Report = found.model_copy(update={"body": without_costs(found.body)})
    return told


def without_costs(body: ReportBody) -> ReportBody:
    """What a report shows to who may not know costs."""
    rows = [_unvalued(one) if one.metric in COSTS else one for one in body.targets]
    kpis = [_withheld(one) if one.is_cost else one for one in body.kpis]
    changes: dict[str, Any] = {"kpis": kpis}
    if any(one.metric in COSTS for one in body.targets):
        changes |= {"targets": rows, "totals": _totals([one for one in rows if one.metric not in COSTS])}
    return body.model_copy(update=changes)


def _unvalued(one: ReportTarget) -> ReportTarget:
    hidden = ("value", "percent", "pace", "p_hit", "p_hit_as_of", "rank", "alert")
    return one.model_copy(update=dict.fromkeys(hidden))


def _totals(rows: Sequence[ReportTarget]) -> ReportTotals:
    money = [one for one in rows if is_money(one)]
    return ReportTotals(amount=sum(one.amount for one in money), value=sum(one.value or 0 for one in money))


def _withheld(kpi: ReportKpi) -> ReportKpi:
    told: ReportKpi = kpi.model_copy(update={**dict.fromkeys(_FIGURES), "is_withheld": True})
    return told


async def report_file(work: Work, report_id: UUID, kind: ReportFormat) -> tuple[str, bytes]:
    """The name and the content of the file of a report; raises NotFound."""
    report = await require_report(work, report_id)
    make = workbook_of if kind is ReportFormat.XLSX else csv_of
    return f"report-{report.period_key}-{report.id}.{kind}", await asyncio.to_thread(make, report)


async def reported_until(work: Work, root_id: UUID) -> date | None:
    """The last day of a tree that a report has told of."""
    return await repository.newest_end(work.tx, root_id)
