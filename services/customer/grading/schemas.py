"""Bodies and answers of grading: amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from kit.jobs.tables import JobState
from kit.web.lists import page_of
from kit.web.schema import BusinessDate, Schema
from services.customer.accounts.enums import TenureClass
from services.customer.grading.enums import DryReason, Strategy
from services.customer.grading.rules import FORMULA_VERSION
from services.customer.policies.enums import Grade, GradingPeriod

_EXAMPLE: dict[str, Any] = {"as_of": "2026-06-30", "dry_run": True}


class GradingRunCreate(Schema):
    """Grade all accounts that are not archived and have ever ordered, as of the end of a day (default: today), by the
    grading policy that holds on it. A dry run shows what would change."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    as_of: BusinessDate | None = None
    dry_run: bool = False


class LackRead(Schema):
    """What a figure lacks: of what, how much there is and how much it takes. `revenue`: accounts with revenue above 0;
    `grading_run`: runs that graded the account; `cost`: millionths of net whose cost is known."""

    reason: str
    have: int
    need: int


class CutRead(Schema):
    """The least value of each grade; null: nobody has it."""

    a: int | None
    b: int | None
    c: int | None


class GradingRunRead(Schema):
    """A run and the state of its job. `sample_size` is how many accounts were graded (null: not yet),
    `changed_accounts` how many of them had another grade. A run with a `dry_reason` changes nothing: it was asked for
    as dry, another of its day or of a later one counts already, or nobody had revenue above 0."""

    id: UUID
    as_of: date
    dry_run: bool
    dry_reason: DryReason | None
    formula_version: int = FORMULA_VERSION
    policy_version: int | None
    before_id: UUID | None
    sample_size: int | None
    changed_accounts: int | None
    revenue_cut: CutRead | None
    profit_cut: CutRead | None
    insufficient_data: LackRead | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class GradingRunSummary(Schema):
    """A run in a list."""

    id: UUID
    as_of: date
    dry_run: bool
    dry_reason: DryReason | None
    policy_version: int | None
    sample_size: int | None
    changed_accounts: int | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class GradeResultRead(Schema):
    """What a run says of an account: sums of the period, the grades these have by themselves (`*_raw`), the grades
    given, and the one until then (`former`). Profit is null while too few costs are known."""

    account_id: UUID
    owner_id: UUID | None
    first_order_date: date
    revenue_base: int
    profit_base: int | None
    revenue_raw: Grade
    profit_raw: Grade | None
    revenue_grade: Grade
    profit_grade: Grade | None
    grade: Grade
    former: Grade | None
    is_changed: bool
    tenure_class: TenureClass
    strategy: Strategy


class NextGradeRead(Schema):
    """The next better grade by revenue: its boundary, and how much more it takes (0 or less: reached, the grade is
    held until it is passed clearly, or again)."""

    grade: Grade
    boundary_base: int
    gap_base: int


class AccountGradeRead(Schema):
    """The grade of an account with what it was found by, as of the last run that counted and graded it; all null
    without one. `days_left` are days until the calendar period ends (null: it moves with the day), `leaving_base` is
    what of the revenue will not count any more 30 days later."""

    account_id: UUID
    as_of: date | None = None
    run_id: UUID | None = None
    formula_version: int = FORMULA_VERSION
    policy_version: int | None = None
    period: GradingPeriod | None = None
    period_from: date | None = None
    first_order_date: date | None = None
    revenue_base: int | None = None
    profit_base: int | None = None
    revenue_raw: Grade | None = None
    profit_raw: Grade | None = None
    revenue_grade: Grade | None = None
    profit_grade: Grade | None = None
    grade: Grade | None = None
    tenure_class: TenureClass | None = None
    strategy: Strategy | None = None
    next_grade: NextGradeRead | None = None
    days_left: int | None = None
    leaving_base: int | None = None
    insufficient_data: LackRead | None = None


GradingRunPage = page_of(GradingRunSummary)
GradeResultPage = page_of(GradeResultRead)
