"""What each kind of policy says. Amounts are minor units of the base currency, shares and ratios millionths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from kit.web.schema import BusinessDate, Code, Label, NonNegativeAmount, Schema, Share
from services.risk.policies import rules
from services.risk.policies.enums import CreditGrade, LimitMode, RiskBand, RiskPolicyKind
from services.risk.policies.rules import GradeRow, Range

Days = Annotated[int, Field(strict=True, ge=0, le=3660)]
Points = Annotated[int, Field(strict=True, ge=0, le=100)]
Bound = Annotated[int, Field(strict=True, ge=-(10**9), le=10**9)]
Factor = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Small = Annotated[int, Field(strict=True, ge=1, le=100)]
Side = Annotated[int, Field(strict=True, ge=1, le=5)]
Bounds = Annotated[tuple[Share, ...], Field(min_length=4, max_length=4)]


class Body(Schema):
    """A part of a policy."""

    model_config = ConfigDict(frozen=True)


class Band(Body):
    """Points of the values from `low` to `high`; null: without end."""

    low: Bound | None
    high: Bound | None
    points: Points


class BandedFactor(Body):
    """Points by value; `closed` says which end of a band belongs to it."""

    closed: Literal["low", "high"]
    bands: tuple[Band, ...] = Field(min_length=1, max_length=20)


class DefaultsFactor(Body):
    """Points without any default, with one that was cured, with others."""

    none: Points
    one_cured: Points
    others: Points


class FinancialsFactor(Body):
    """Points of a financial statement that is young enough, a sum of three."""

    max_age_months: Days
    current_ratio: BandedFactor
    equity_share: BandedFactor
    net_margin: BandedFactor


class ExternalFactor(BandedFactor):
    """Points of a credit report that is young enough."""

    max_age_days: Days


class Factors(Body):
    """The factors of a scorecard: days, shares (millionths), months, and points of a report."""

    days_late: BandedFactor
    late_share: BandedFactor
    defaults: DefaultsFactor
    utilisation: BandedFactor
    tenure: BandedFactor
    financials: FinancialsFactor
    disputes: BandedFactor
    external: ExternalFactor


class ScorecardBody(Body):
    """How a customer is scored."""

    window_days: Days
    min_items: Days
    min_points: Points
    paid_below: NonNegativeAmount
    late_after_days: Days
    default_after_days: Days
    default_years: Small
    utilisation_days: Days
    factors: Factors


class GradeTerms(Body):
    """What a grade means; `limit_factor` and `limit_cap` are null where no limit is recommended."""

    grade: CreditGrade
    score_from: Points | None
    pd: Share
    terms_days: Days
    deposit_share: Share
    limit_factor: Factor | None
    limit_cap: NonNegativeAmount | None


class TermsBody(Body):
    """Terms by grade; without `override_ceiling` every officer may override any amount. The days of NR are those of new
    orders; an order with more is refused only where they bind (`binds_unrated`)."""

    grades: tuple[GradeTerms, ...] = Field(min_length=1, max_length=20)
    lgd: Share
    rise_points: Points
    rise_runs: Small
    limit_mode: LimitMode
    limit_months: Small
    limit_step: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    override_ceiling: NonNegativeAmount | None
    binds_unrated: bool = False


class HoldsBody(Body):
    """When credit is held; without `items_from`, items count from the day on which version 1 was installed."""

    overdue_days: Days
    open_from: NonNegativeAmount
    grade_drop: Small
    waiver_days: Annotated[int, Field(strict=True, ge=0, le=30)]
    items_from: BusinessDate | None


class Cell(Body):
    """The band of a likelihood with an impact."""

    likelihood: Side
    impact: Side
    band: RiskBand


class MatrixBody(Body):
    """The 25 cells, and where the classes from 1 to 5 part: chances, and shares of planned revenue."""

    cells: tuple[Cell, ...] = Field(min_length=1, max_length=50)
    likelihood_bounds: Bounds
    impact_bounds: Bounds


class Clause(Body):
    """A line of a checklist."""

    code: Code
    title: Label
    is_mandatory: bool


def _once(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    if len({clause.code for clause in clauses}) != len(clauses):
        raise ValueError("each code once")
    return clauses


Checklist = Annotated[tuple[Clause, ...], Field(max_length=100), AfterValidator(_once)]


class ClausesBody(Body):
    """The checklist of each type of contract."""

    sales: Checklist
    framework: Checklist
    distribution: Checklist
    service: Checklist
    nda: Checklist


class ForwardBody(Body):
    """How much of an opportunity counts by its forecast category."""

    horizon_days: Days
    commit: Share
    best_case: Share
    pipeline: Share
    omitted: Share


AnyBody = ScorecardBody | TermsBody | HoldsBody | MatrixBody | ClausesBody | ForwardBody
BODIES: Mapping[RiskPolicyKind, type[AnyBody]] = {
    RiskPolicyKind.SCORECARD: ScorecardBody,
    RiskPolicyKind.TERMS: TermsBody,
    RiskPolicyKind.HOLDS: HoldsBody,
    RiskPolicyKind.MATRIX: MatrixBody,
    RiskPolicyKind.CLAUSES: ClausesBody,
    RiskPolicyKind.FORWARD: ForwardBody,
}


def read_body(value: object, _read: Callable[[Any], Any], info: ValidationInfo) -> object:
    """A wrapping validator of `body`: it is read as what the field `kind` before it says."""
    kind = info.data.get("kind")
    return value if kind is None else BODIES[RiskPolicyKind(kind)].model_validate(value)


def check_body(body: AnyBody) -> None:
    """What the shape alone does not say; raises BandGap, PdNotRising, GradeMissing."""
    match body:
        case ScorecardBody():
            _check_factors(body.factors)
        case TermsBody():
            rows = [GradeRow(row.grade, row.score_from, row.pd) for row in body.grades]
            rules.check_grades(rows, "/body/grades")
        case MatrixBody():
            rules.check_cells([(cell.likelihood, cell.impact) for cell in body.cells], "/body/cells")
            rules.check_bounds(body.likelihood_bounds, "/body/likelihood_bounds")
            rules.check_bounds(body.impact_bounds, "/body/impact_bounds")
        case HoldsBody() | ClausesBody() | ForwardBody():
            pass


def _check_factors(factors: Factors) -> None:
    financials = factors.financials
    banded: dict[str, BandedFactor] = {
        "days_late": factors.days_late,
        "late_share": factors.late_share,
        "utilisation": factors.utilisation,
        "tenure": factors.tenure,
        "financials/current_ratio": financials.current_ratio,
        "financials/equity_share": financials.equity_share,
        "financials/net_margin": financials.net_margin,
        "disputes": factors.disputes,
        "external": factors.external,
    }
    for name, factor in banded.items():
        ranges = [Range(band.low, band.high) for band in factor.bands]
        rules.check_bands(ranges, f"/body/factors/{name}/bands")
