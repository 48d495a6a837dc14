"""Bodies and answers of activities."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.lists import page_of
from kit.web.schema import ABSENT, BusinessDate, Code, Label, LongText, Moment, Schema
from services.customer.accounts.schemas import ExternalRef
from services.customer.activities.enums import ActivityKind, ActivityPhase, ActivityState

_EXAMPLE: dict[str, Any] = {
    "kind": "visit",
    "phase": "pre_sale",
    "subject": "Show the new range",
    "purpose": "presentation",
    "planned_at": "2026-02-14T01:00:00Z",
    "due_on": "2026-02-14",
}


class ActivityNotes(Schema):
    """What was heard, asked and answered."""

    listen: LongText | None = None
    question: LongText | None = None
    feedback: LongText | None = None


class PositionGiven(Schema):
    """Where it takes place: degrees, and how far off that may be."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    accuracy_m: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


Participants = Annotated[
    list[UUID], Field(max_length=50, description="contacts of the account who take part beside `contact_id`")
]


class ActivityContent(Schema):
    """What an activity begins with."""

    kind: ActivityKind
    phase: ActivityPhase | None = None
    subject: Label | None = None
    purpose: Code | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = Field(default=None, description="a contact of the account")
    opportunity_id: UUID | None = Field(default=None, description="an opportunity of the account")
    case_id: UUID | None = Field(default=None, description="a case of the account")
    participants: Participants = Field(default_factory=list)
    lead_id: UUID | None = Field(default=None, description="instead of an account: a lead that was not converted")
    owner_id: UUID | None = None
    planned_at: Moment | None = None
    due_on: BusinessDate | None = None
    started_at: Moment | None = None
    position: PositionGiven | None = None
    notes: ActivityNotes = Field(default_factory=ActivityNotes)

    @model_validator(mode="after")
    def _one_customer(self) -> Self:
        if self.lead_id is not None and self.account_id is not None:
            raise ValueError("give account_id or lead_id")
        return self


class ActivityCreate(ActivityContent):
    """A planned activity; without `owner_id` it is the caller's, or of who has the account."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    external_id: ExternalRef | None = None


class ActivityRow(ActivityContent):
    """A row of a batch, known again by its external id; fields not given stay as they are. The account may be named by
    `account_ref`; it stays, as does the lead. With `outcome` it is completed, `ended_at` (now unless said) ago; what is
    completed takes notes alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_EXAMPLE,
                "external_id": {"source": "pbx", "id": "V-1001"},
                "outcome": "interested",
                "ended_at": "2026-02-14T02:00:00Z",
            }
        }
    )

    account_ref: ExternalRef | None = None
    external_id: ExternalRef
    outcome: Code | None = None
    ended_at: Moment | None = Field(default=None, description="not after now, not before `started_at`")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.account_ref is not None and (self.account_id is not None or self.lead_id is not None):
            raise ValueError("give account_id, account_ref or lead_id")
        if self.ended_at is not None and self.outcome is None:
            raise ValueError("what has ended has an outcome")
        return self


class ActivityBatch(BatchBody):
    """Activities by external id."""

    row_model = ActivityRow


class ActivityUpdate(Schema):
    """Fields to change; of what is completed `notes` alone, which replace the former ones. The account stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"due_on": "2026-02-16"}})

    kind: ActivityKind = ABSENT
    phase: ActivityPhase | None = None
    subject: Label | None = None
    purpose: Code | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    case_id: UUID | None = None
    participants: Participants = ABSENT
    owner_id: UUID = ABSENT
    planned_at: Moment | None = None
    due_on: BusinessDate | None = None
    started_at: Moment | None = None
    position: PositionGiven | None = None
    notes: ActivityNotes = ABSENT


class NextStep(Schema):
    """The task that follows."""

    text: Label
    due_on: BusinessDate


class ActivityComplete(Schema):
    """How it ended, when (now unless said), and the task that follows."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"outcome": "interested", "next_step": {"text": "Send the offer", "due_on": "2026-02-20"}}
        }
    )

    outcome: Code
    ended_at: Moment | None = Field(default=None, description="not after now, not before `started_at`")
    next_step: NextStep | None = None


class ActivityRead(Schema):
    """An activity; `follows` is the one whose next step it is. One of a lead has the account that this became."""

    id: UUID
    kind: ActivityKind
    phase: ActivityPhase | None
    subject: str | None
    purpose: str | None
    outcome: str | None
    account_id: UUID | None
    filed_account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    case_id: UUID | None
    participants: list[UUID]
    lead_id: UUID | None
    owner_id: UUID | None
    follows: UUID | None
    planned_at: datetime | None
    due_on: date | None
    started_at: datetime | None
    ended_at: datetime | None
    position: PositionGiven | None
    notes: ActivityNotes
    external_source: str | None
    external_id: str | None
    state: ActivityState
    overdue: bool
    version: int
    created_at: datetime
    updated_at: datetime


ActivityPage = page_of(ActivityRead)
