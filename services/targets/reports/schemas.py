"""Bodies of reports. Amounts are minor units of the base currency, percents and probabilities millionths."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.schema import Schema
from services.targets.alerts.enums import TargetAlertLevel, TargetAlertMeasure, TargetAlertState
from services.targets.kpis.enums import KpiDirection, KpiUnit
from services.targets.kpis.schemas import KpiBenchmarkRead, KpiInsufficientData
from services.targets.metrics.enums import Unit
from services.targets.report_schedules.enums import ReportCadence
from services.targets.targets.enums import Metric, TargetState


class ReportUnit(Schema):
    """The unit that a report is about."""

    id: UUID
    code: str
    name: str


class ReportAlert(Schema):
    """The alert of a target that is not over."""

    level: TargetAlertLevel
    measure: TargetAlertMeasure
    state: TargetAlertState
    raised_on: date


class ReportTarget(Schema):
    """A target at the end of the period. `value` is what was credited by then, `percent` that of the amount, `pace`
    what alerts go by (by the plan, without one by working days), `rank` that among its siblings. `p_hit` (the last
    stored one, looking from the end of `p_hit_as_of`) and `alert` are those that stood when the report was written.
    What a margin is worth is null to who may not know costs."""

    target_id: UUID
    root_id: UUID
    parent_id: UUID | None
    name: str
    metric: Metric
    state: TargetState
    unit_id: UUID | None
    unit_code: str | None
    member_id: UUID | None
    member_code: str | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None = None
    period_start: date
    period_end: date
    amount_unit: Unit = Unit.MINOR_UNIT
    amount: int
    value: int | None
    percent: int | None
    pace: int | None
    p_hit: int | None
    p_hit_as_of: date | None
    rank: int | None
    alert: ReportAlert | None


class ReportTotals(Schema):
    """The sums of the targets shown that are in money, of children beside their parents too."""

    amount: int
    value: int


class ReportKpi(Schema):
    """A KPI of the unit over the period, in the unit of its version; `previous` is the value of the period before,
    `swing` the change against it. `is_withheld`: it tells of costs, which who asks may not know."""

    kpi_id: UUID
    code: str
    name: str
    version: int
    unit: KpiUnit
    direction: KpiDirection
    is_cost: bool
    is_withheld: bool = False
    value: int | None
    numerator: int | None
    denominator: int | None
    sample_size: int | None
    insufficient_data: KpiInsufficientData | None
    previous: int | None
    swing: int | None
    benchmark: KpiBenchmarkRead | None
    meets_benchmark: bool | None
    coverage: int | None


class ReportBody(Schema):
    """What a report shows: live and closed targets of the unit and of all below it whose periods meet its own, and
    those of its members that are of no unit, and the KPIs of the unit."""

    unit: ReportUnit
    cadence: ReportCadence
    period_key: str
    period_start: date
    period_end: date
    as_of: date
    currency: str
    formula_version: int
    kpi_formula_version: int
    calendar_known_until: date
    targets: list[ReportTarget]
    totals: ReportTotals
    kpis: list[ReportKpi]


class ReportSummary(Schema):
    """A report without what it shows; `targets` is how many it shows. It was due at `due_at` and is late by `late_by`
    seconds, 0 when it was written within five minutes."""

    id: UUID
    schedule_id: UUID
    unit_id: UUID
    cadence: ReportCadence
    period_key: str
    period_start: date
    period_end: date
    targets: int
    sha256: str
    due_at: datetime
    written_at: datetime
    late_by: int


class ReportRead(ReportSummary):
    """A report, which never changes; `sha256` is that of `body` as JSON without spaces, names sorted, in UTF-8. Who may
    not know costs is not told all of it."""

    body: ReportBody
