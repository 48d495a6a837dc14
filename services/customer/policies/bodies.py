"""What each kind of policy says. Times are working minutes, factors and shares millionths, values minor units of the
base currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationInfo

from kit.db.saved_filters import MAX_LENGTH
from kit.money import MAX_AMOUNT
from kit.web.schema import Code, Schema
from services.customer.lead_scores.bodies import check_rules
from services.customer.policies import rules
from services.customer.policies.enums import Grade, GradingPeriod, PolicyKind

Minutes = Annotated[int, Field(strict=True, ge=1, le=100_000, description="working minutes")]
Factor = Annotated[int, Field(strict=True, ge=1, le=10_000_000, description="in millionths: 1000000 is once")]


class Body(Schema):
    """A part of a policy."""

    model_config = ConfigDict(frozen=True)


class Times(Body):
    """Time until somebody answers at all, and until the case is answered."""

    first_response: Minutes
    resolution: Minutes


class Severities(Body):
    """Times by severity."""

    critical: Times
    high: Times
    medium: Times
    low: Times


class GradeFactors(Body):
    """What times are multiplied by, by the grade that the account has at receipt; `none`: without a grade."""

    grade_a: Factor
    grade_b: Factor
    grade_c: Factor
    grade_d: Factor
    none: Factor


class SlaBody(Body):
    """How fast cases are answered."""

    times: Severities
    grades: GradeFactors


Share = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="in millionths")]
Least = Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT, description="minor units of the base currency")]
Width = Annotated[int, Field(strict=True, ge=0, le=500_000, description="in millionths of a boundary")]


class Shares(Body):
    """The share of the whole before an account, under which it has a grade; D is the rest."""

    a: Share
    b: Share
    c: Share


class Boundaries(Body):
    """The least value that has a grade; D is the rest."""

    a: Least
    b: Least
    c: Least


class Thresholds(Body):
    """Boundaries of both measures."""

    revenue: Boundaries
    profit: Boundaries


class MatrixRow(Body):
    """The grade of an account by its grade of profit."""

    grade_a: Grade
    grade_b: Grade
    grade_c: Grade
    grade_d: Grade


class Matrix(Body):
    """Rows by the grade of revenue."""

    grade_a: MatrixRow
    grade_b: MatrixRow
    grade_c: MatrixRow
    grade_d: MatrixRow


class GradingBody(Body):
    """How accounts are graded: either by cumulative `shares` or by `thresholds`. A grade changes when a value passes a
    boundary by `hysteresis`, or twice."""

    period: GradingPeriod
    shares: Shares | None = None
    thresholds: Thresholds | None = None
    hysteresis: Width
    matrix: Matrix


Days = Annotated[int, Field(strict=True, ge=1, le=3_650, description="calendar days")]


class LifecycleBody(Body):
    """How long an account is new, or won back, after its order; after how many days without one it is at risk, and
    lost."""

    settled_days: Days
    silent_days: Days
    lost_days: Days


Points = Annotated[int, Field(strict=True, ge=0, le=100, description="points of 100")]


class ChurnPoints(Body):
    """Most points of each factor: an account's own rhythm, the chance that it stays silent, an open complaint that is
    high or critical, a last answer as a detractor, an order overdue for over 30 days."""

    rhythm: Points
    silence: Points
    complaint: Points
    detractor: Points
    overdue: Points


class ChurnBody(Body):
    """From how many points on an account is warned of, and below how many the warning is over."""

    points: ChurnPoints
    warn_at: Annotated[int, Field(strict=True, ge=1, le=100)]
    clear_below: Annotated[int, Field(strict=True, ge=1, le=100)]


Added = Annotated[int, Field(strict=True, ge=-100, le=100, description="points, also less than none")]


class LeadScoreRule(Body):
    """The leads that `filter` chooses have `points` more. `filter` is a query string over `source`, `campaign`,
    `country`, `owner_id`, `created_on`, `has_company`, `has_person`, `has_email`, `has_phone`; an empty one chooses
    all."""

    label: Code
    filter: Annotated[str, Field(max_length=MAX_LENGTH)]
    points: Added


class LeadScoreBody(Body):
    """What the score of a lead is: the points of all rules that choose it, clipped to 0 to 100."""

    rules: Annotated[tuple[LeadScoreRule, ...], Field(max_length=50)]


ClockTime = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["09:00"])]


class Window(Body):
    """Open from `opens` to `closes` by the wall clock of the company's zone; 24:00 is the end of the day."""

    opens: ClockTime
    closes: ClockTime


Windows = Annotated[tuple[Window, ...], Field(max_length=8)]


class Week(Body):
    """Working hours of each weekday, as far as it works: a weekend of the company's country has none."""

    monday: Windows
    tuesday: Windows
    wednesday: Windows
    thursday: Windows
    friday: Windows
    saturday: Windows
    sunday: Windows


class HoursBody(Body):
    """When the company works; a make-up day has the hours of Monday unless it has its own."""

    weekdays: Week
    makeup_windows: Windows | None = None


AnyBody = SlaBody | GradingBody | LifecycleBody | ChurnBody | LeadScoreBody | HoursBody
BODIES: Mapping[PolicyKind, type[AnyBody]] = {
    PolicyKind.SLA: SlaBody,
    PolicyKind.GRADING: GradingBody,
    PolicyKind.LIFECYCLE: LifecycleBody,
    PolicyKind.CHURN: ChurnBody,
    PolicyKind.LEAD_SCORE: LeadScoreBody,
    PolicyKind.HOURS: HoursBody,
}


def read_body(value: object, _read: Callable[[Any], Any], info: ValidationInfo) -> object:
    """A wrapping validator of `body`: it is read as what the field `kind` before it says."""
    kind = info.data.get("kind")
    return value if kind is None else BODIES[PolicyKind(kind)].model_validate(value)


def check_body(body: AnyBody) -> None:
    """What the shape alone does not say; raises SlaOrder, GradingOrder, GradingMethod, MatrixOrder, LifecycleOrder,
    ChurnOrder, ScoreLabels, ScoreFilterInvalid, WindowsOrder."""
    if isinstance(body, GradingBody):
        _check_grading(body)
        return
    if isinstance(body, LifecycleBody):
        rules.check_silence(body.silent_days, body.lost_days)
        return
    if isinstance(body, ChurnBody):
        rules.check_lines(body.warn_at, body.clear_below)
        return
    if isinstance(body, HoursBody):
        _check_hours(body)
        return
    if isinstance(body, LeadScoreBody):
        check_rules(body.rules)
        return
    for name in Severities.model_fields:
        times: Times = getattr(body.times, name)
        rules.check_times(times.first_response, times.resolution, f"/body/times/{name}")


def _check_grading(body: GradingBody) -> None:
    rules.check_method(body.shares is not None, body.thresholds is not None)
    if (shares := body.shares) is not None:
        rules.check_cuts((shares.a, shares.b, shares.c), "/body/shares", rising=True)
    if (thresholds := body.thresholds) is not None:
        for name in Thresholds.model_fields:
            least: Boundaries = getattr(thresholds, name)
            rules.check_cuts((least.a, least.b, least.c), f"/body/thresholds/{name}", rising=False)
    rows = [getattr(body.matrix, row) for row in Matrix.model_fields]
    rules.check_matrix([[getattr(row, column) for column in MatrixRow.model_fields] for row in rows])


def _check_hours(body: HoursBody) -> None:
    for name in Week.model_fields:
        rules.check_windows(minutes_of(getattr(body.weekdays, name)), f"/body/weekdays/{name}")
    rules.check_windows(minutes_of(body.makeup_windows or ()), "/body/makeup_windows")
    rules.check_some_work([minutes_of(getattr(body.weekdays, name)) for name in Week.model_fields])


def minutes_of(windows: tuple[Window, ...]) -> tuple[tuple[int, int], ...]:
    """Windows in minutes after midnight."""
    return tuple((_minutes(one.opens), _minutes(one.closes)) for one in windows)


def _minutes(at: str) -> int:
    return 60 * int(at[:2]) + int(at[3:])
