"""Bodies and answers of churn: shares are millionths, times of the model weeks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from kit.jobs.tables import JobState
from kit.web.lists import page_of
from kit.web.schema import BusinessDate, Schema
from services.customer.churn.rules import FORMULA_VERSION, HORIZON_DAYS
from services.customer.funnel.schemas import RateRead

_EXAMPLE: dict[str, Any] = {"as_of": "2026-06-30"}


class ChurnFitCreate(Schema):
    """Fit the model to the order days of all accounts that are not archived, up to a day (default: today)."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    as_of: BusinessDate | None = None


class ChurnLackRead(Schema):
    """What a figure lacks: of what, how much there is and how much it takes. `repeat_buyers`: accounts with a second
    order day; `search`: the search for the parameters did not end; `churn_fit`: fits whose 91 days are over;
    `accounts`: of these with enough order days."""

    reason: str
    have: int
    need: int


class ChurnFitRead(Schema):
    """A fit and the state of its job. `sample_size` is how many accounts had ordered (null: not yet); `r`, `alpha` are
    the gamma distribution of rates of buying a week, `a`, `b` the beta distribution of chances of leaving.
    `scored_accounts` had at least three order days, `warned_accounts` of them had the points of a warning."""

    id: UUID
    as_of: date
    formula_version: int = FORMULA_VERSION
    policy_version: int | None
    sample_size: int | None
    repeat_buyers: int | None
    r: float | None
    alpha: float | None
    a: float | None
    b: float | None
    log_likelihood: float | None
    scored_accounts: int | None
    warned_accounts: int | None
    insufficient_data: ChurnLackRead | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ChurnFitSummary(Schema):
    """A fit in a list."""

    id: UUID
    as_of: date
    policy_version: int | None
    sample_size: int | None
    repeat_buyers: int | None
    scored_accounts: int | None
    warned_accounts: int | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ChurnQualityQuery(Schema):
    """The day of a fit; without one the latest whose 91 days are over."""

    as_of: BusinessDate | None = None


class PlainRuleRead(Schema):
    """As many warnings (more, where days are equal) by the days since the last order alone."""

    days_since: int
    warned: int
    precision: RateRead
    recall: RateRead


class AreasRead(Schema):
    """How often an account that fell silent ranks before one that did not, by each measure: 0.5 is chance. Null when
    all fell silent, or none."""

    rhythm: float | None
    days_since: float | None
    p_left: float | None
    p_silent: float | None


class ChurnQualityRead(Schema):
    """How the warnings of a fit turned out: `precision` is the share of the warned that ordered nothing for 91 days,
    `recall` the share of those who fell silent that were warned of, `base_rate` the share of all that did. `brier` is
    the mean square error of the chance of silence, `brier_of_base_rate` that of telling everybody the base rate."""

    as_of: date | None = None
    until: date | None = None
    fit_id: UUID | None = None
    formula_version: int = FORMULA_VERSION
    policy_version: int | None = None
    horizon_days: int = HORIZON_DAYS
    sample_size: int = 0
    warned: int | None = None
    base_rate: RateRead | None = None
    precision: RateRead | None = None
    recall: RateRead | None = None
    brier: float | None = None
    brier_of_base_rate: float | None = None
    plain_rule: PlainRuleRead | None = None
    areas: AreasRead | None = None
    insufficient_data: ChurnLackRead | None = None


ChurnFitPage = page_of(ChurnFitSummary)
