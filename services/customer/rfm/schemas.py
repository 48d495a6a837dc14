"""Bodies and answers of the RFM analysis: amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.jobs.tables import JobState
from kit.web.lists import page_of
from kit.web.schema import BusinessDate, Schema
from services.customer.rfm.enums import RfmSegment
from services.customer.rfm.rules import FORMULA_VERSION, LEAST_ACCOUNTS

Days = Annotated[int, Field(ge=1, le=36_500)]
_EXAMPLE: dict[str, Any] = {"as_of": "2026-06-30", "days": 730}


class RfmRunCreate(Schema):
    """Rank all accounts that are not archived as of the end of a day (default: today) by their confirmed orders of the
    last `days` days (default: of all)."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    as_of: BusinessDate | None = None
    days: Days | None = None


class InsufficientRead(Schema):
    """What a figure lacks: of what, how many there are and how many it takes."""

    reason: str
    have: int
    need: int = LEAST_ACCOUNTS


class RfmRunRead(Schema):
    """A run and the state of its job; `sample_size` is how many accounts were ranked (null: not yet), under 5 none is
    (`insufficient_data`)."""

    id: UUID
    as_of: date
    days: int | None
    formula_version: int = FORMULA_VERSION
    sample_size: int | None
    insufficient_data: InsufficientRead | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class RfmRunSummary(Schema):
    """A run in a list."""

    id: UUID
    as_of: date
    days: int | None
    sample_size: int | None
    state: JobState
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class RfmScoreRead(Schema):
    """What a run says of an account: days since its last order, days with an order, net of what came back, their scores
    of 1 (worst) to 5, and the segment of `r` and `f`. Equal values have equal scores."""

    account_id: UUID
    owner_id: UUID | None
    recency_days: int
    frequency: int
    monetary_base: int
    r: int
    f: int
    m: int
    segment: RfmSegment


class RfmSegmentRead(Schema):
    """Accounts of a segment, and their net."""

    segment: RfmSegment
    accounts: int
    monetary_base: int


class RfmSegmentsRead(Schema):
    """Segments of a run among the accounts that the caller sees; segments without accounts are left out."""

    run_id: UUID
    as_of: date
    formula_version: int = FORMULA_VERSION
    sample_size: int
    items: list[RfmSegmentRead]


class RfmMigrationQuery(Schema):
    """Two days that have a finished run of the same `days`; the newest run of each counts."""

    first: BusinessDate = Field(alias="from", description="day of the earlier run")
    last: BusinessDate = Field(alias="to", description="day of the later run")
    days: Days | None = None


class RfmMoveRead(Schema):
    """How many accounts went from one segment to another; null: not ranked in that run."""

    before: RfmSegment | None
    after: RfmSegment | None
    accounts: int


class RfmMigrationRead(Schema):
    """How the accounts that the caller sees moved between two runs; `unchanged` kept their segment."""

    from_run_id: UUID
    to_run_id: UUID
    formula_version: int = FORMULA_VERSION
    sample_size: int
    unchanged: int
    items: list[RfmMoveRead]


RfmRunPage = page_of(RfmRunSummary)
RfmResultPage = page_of(RfmScoreRead)
